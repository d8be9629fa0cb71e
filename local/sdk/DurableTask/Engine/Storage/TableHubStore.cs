using System.Globalization;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Storage;

/// <summary>
/// A hub in two tables. In <c>&lt;hub&gt;Instances</c> an instance is a partition: its head and, as few rows as possible, its history. Every append is a
/// transaction that includes the head under its ETag. <c>&lt;hub&gt;Messages</c> holds messages under way and the lease.
/// </summary>
internal sealed partial class TableHubStore : IHubStore
{
    private const int MaxTransaction = 100;
    private readonly TableClient instances;
    private readonly TableClient messages;
    private Task? created;

    public TableHubStore(string connectionString, string hubName)
    {
        var account = new TableServiceClient(connectionString);
        instances = account.GetTableClient(hubName + "Instances");
        messages = account.GetTableClient(hubName + "Messages");
    }

    public async Task<InstanceRecord?> FindAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        var found = await instances.GetEntityIfExistsAsync<TableEntity>(instanceId, InstanceEntity.RowKey, cancellationToken: cancellationToken);
        return found.HasValue && found.Value is { } entity ? await ReadAsync(entity, withPayloads, cancellationToken) : null;
    }

    public async Task<IReadOnlyList<HistoryEvent>> ReadHistoryAsync(InstanceRecord instance, CancellationToken cancellationToken)
    {
        var first = RowKey(instance, 0);
        var end = RowKey(instance, instance.HistoryRows);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {instance.InstanceId} and RowKey ge {first} and RowKey lt {end}");
        var events = new List<HistoryEvent>();
        var text = new StringBuilder();
        var rows = 0;
        await foreach (var row in instances.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            rows++;
            TextChunks.Read(row, text);
            if (row.GetBoolean("Continues") is not true)
            {
                events.AddRange(HistoryJson.Read(text.ToString()));
                text.Clear();
            }
        }

        return rows == instance.HistoryRows ? events : throw new StaleInstanceException(instance.InstanceId);
    }

    public async IAsyncEnumerable<InstanceRecord> ReadUnfinishedAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        var filter = TableClient.CreateQueryFilter($"RowKey eq {InstanceEntity.RowKey} and Unfinished eq {true}");
        await foreach (var entity in instances.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            yield return InstanceEntity.Read(entity);
        }
    }

    public async Task<InstanceRecord> AppendAsync(InstanceRecord instance, IReadOnlyList<HistoryEvent> events, CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        var pieces = events.Count == 0 ? [] : TextChunks.Split(HistoryJson.Write(events)).ToList();
        var written = instance with { HistoryRows = instance.HistoryRows + pieces.Count, AppendId = Guid.NewGuid().ToString("N") };
        var etag = instance.ETag;
        try
        {
            for (var i = 0; i < pieces.Count - 1; i++)
            {
                etag = await WriteAheadAsync(instance, etag, Row(instance, instance.HistoryRows + i, pieces[i], continues: true), cancellationToken);
            }

            var head = InstanceEntity.From(written);
            var actions = new List<TableTransactionAction>
            {
                etag.Length == 0
                    ? new(TableTransactionActionType.Add, head)
                    : new(TableTransactionActionType.UpdateReplace, head, new ETag(etag)),
            };
            if (pieces.Count > 0)
            {
                actions.Add(new(TableTransactionActionType.UpsertReplace, Row(instance, written.HistoryRows - 1, pieces[^1], continues: false)));
            }

            var answers = await instances.SubmitTransactionAsync(actions, cancellationToken);
            return written with { ETag = ETagOf(answers.Value[0]) };
        }
        catch (RequestFailedException error) when (error.Status is 404 or 409 or 412)
        {
            // A retry after a lost answer finds its own write.
            var found = await FindAsync(instance.InstanceId, withPayloads: false, cancellationToken);
            return found?.AppendId == written.AppendId
                ? written with { ETag = found.ETag }
                : throw new StaleInstanceException(instance.InstanceId, error);
        }
    }

    public Task TrimAsync(InstanceRecord instance, CancellationToken cancellationToken) => DeleteHistoryAsync(instance.InstanceId, instance.ExecutionId, cancellationToken);

    public async Task<bool> PurgeAsync(InstanceRecord instance, CancellationToken cancellationToken)
    {
        try
        {
            await instances.DeleteEntityAsync(instance.InstanceId, InstanceEntity.RowKey, new ETag(instance.ETag), cancellationToken);
        }
        catch (RequestFailedException error) when (error.Status is 404 or 412)
        {
            return false;
        }

        await DeleteHistoryAsync(instance.InstanceId, keep: null, cancellationToken);
        return true;
    }

    // Rows beyond the head's count do not exist for a reader; the head is touched with each, so that only the one who holds it gets that far.
    private async Task<string> WriteAheadAsync(InstanceRecord instance, string etag, TableEntity row, CancellationToken cancellationToken)
    {
        var actions = new List<TableTransactionAction>();
        if (etag.Length > 0)
        {
            var touch = new TableEntity(instance.InstanceId, InstanceEntity.RowKey) { ["LastUpdatedAt"] = instance.LastUpdatedAt };
            actions.Add(new(TableTransactionActionType.UpdateMerge, touch, new ETag(etag)));
        }

        actions.Add(new(TableTransactionActionType.UpsertReplace, row));
        var answers = await instances.SubmitTransactionAsync(actions, cancellationToken);
        return etag.Length > 0 ? ETagOf(answers.Value[0]) : etag;
    }

    private async Task DeleteHistoryAsync(string instanceId, string? keep, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {instanceId} and RowKey ge {"h"} and RowKey lt {"i"}");
        var rows = new List<TableTransactionAction>();
        await foreach (var row in instances.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"], cancellationToken: cancellationToken))
        {
            if (keep is null || !row.RowKey.StartsWith("h" + keep, StringComparison.Ordinal))
            {
                rows.Add(new(TableTransactionActionType.Delete, new TableEntity(row.PartitionKey, row.RowKey), ETag.All));
            }
        }

        foreach (var batch in rows.Chunk(MaxTransaction))
        {
            await instances.SubmitTransactionAsync(batch, cancellationToken);
        }
    }

    private async Task<InstanceRecord> ReadAsync(TableEntity entity, bool withPayloads, CancellationToken cancellationToken)
    {
        var instance = InstanceEntity.Read(entity);
        if (!withPayloads || !InstanceEntity.HasLongPayload(entity))
        {
            return instance;
        }

        var history = await ReadHistoryAsync(instance, cancellationToken);
        return instance with
        {
            Input = history.FirstOrDefault(e => e.Kind == HistoryEventKind.ExecutionStarted)?.Data ?? instance.Input,
            Output = history.FirstOrDefault(e => e.Kind == HistoryEventKind.ExecutionCompleted)?.Data ?? instance.Output,
        };
    }

    private Task EnsureTablesAsync(CancellationToken cancellationToken)
    {
        if (created is null or { IsFaulted: true } or { IsCanceled: true })
        {
            created = CreateAsync(cancellationToken);
        }

        return created;
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        await instances.CreateIfNotExistsAsync(cancellationToken);
        await messages.CreateIfNotExistsAsync(cancellationToken);
    }

    private static TableEntity Row(InstanceRecord instance, int number, string piece, bool continues)
    {
        var row = new TableEntity(instance.InstanceId, RowKey(instance, number)) { ["Continues"] = continues };
        TextChunks.Write(row, piece);
        return row;
    }

    private static string RowKey(InstanceRecord instance, int number) => string.Create(CultureInfo.InvariantCulture, $"h{instance.ExecutionId}-{number:D8}");

    private static string ETagOf(Response answer) => answer.Headers.ETag?.ToString() ?? throw new InvalidOperationException("The table service answered without an ETag.");
}
