using Azure.Core;

namespace Azure.Data.Tables;

public partial class TableClient
{
    /// <summary>Does up to 100 actions on one partition as a whole, or none of them.</summary>
    /// <exception cref="TableTransactionFailedException">An action was refused; nothing was done.</exception>
    public virtual async Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transactionActions);
        var requests = transactionActions.Select(Message).ToList();
        try
        {
            if (requests.Count == 0)
            {
                throw new InvalidOperationException("A transaction needs at least one action.");
            }

            var (content, contentType) = ChangeSet.Write(requests.ConvertAll(message => message.Request));
            using var batch = pipeline.Message(RequestMethod.Post, pipeline.Address("$batch"), content, contentType);
            var response = await pipeline.SendAsync(batch, null, cancellationToken).ConfigureAwait(false);
            var answers = ChangeSet.Read(response);
            var failed = answers.FirstOrDefault(answer => answer.Status >= 400);
            return failed is null
                ? Response.FromValue(answers, response)
                : throw new TableTransactionFailedException(new RequestFailedException(failed, null, TableErrorParser.Instance));
        }
        finally
        {
            requests.ForEach(message => message.Dispose());
        }
    }

    private HttpMessage Message(TableTransactionAction action) => action.ActionType switch
    {
        TableTransactionActionType.Add => AddMessage(action.Entity),
        TableTransactionActionType.Delete => DeleteMessage(action.Entity.PartitionKey, action.Entity.RowKey, action.ETag),
        TableTransactionActionType.UpdateMerge => UpdateMessage(action.Entity, action.ETag == default ? ETag.All : action.ETag, TableUpdateMode.Merge),
        TableTransactionActionType.UpdateReplace => UpdateMessage(action.Entity, action.ETag == default ? ETag.All : action.ETag, TableUpdateMode.Replace),
        TableTransactionActionType.UpsertMerge => UpdateMessage(action.Entity, null, TableUpdateMode.Merge),
        TableTransactionActionType.UpsertReplace => UpdateMessage(action.Entity, null, TableUpdateMode.Replace),
        _ => throw new ArgumentException($"There is no action of type {action.ActionType}."),
    };
}
