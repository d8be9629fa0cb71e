using System.Globalization;

namespace Azure.Data.Tables;

/// <summary>A transaction was refused as a whole because of one of its actions.</summary>
public class TableTransactionFailedException : RequestFailedException
{
    internal const string FailedEntity = nameof(FailedEntity);

    /// <summary>Wraps the failure of the action.</summary>
    public TableTransactionFailedException(RequestFailedException requestFailedException)
        : base(requestFailedException?.Status ?? 0, requestFailedException?.Message, requestFailedException?.ErrorCode, requestFailedException?.InnerException)
    {
        ArgumentNullException.ThrowIfNull(requestFailedException);
        if (requestFailedException.Data[FailedEntity] is string text && int.TryParse(text, CultureInfo.InvariantCulture, out var index))
        {
            FailedTransactionActionIndex = index;
        }
    }

    /// <summary>Index, in the submitted order, of the action that failed.</summary>
    public int? FailedTransactionActionIndex { get; }
}
