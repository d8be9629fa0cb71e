using Azure;
using Azure.Data.Tables;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Push;

/// <summary>Remembers how far the event log was sent, in the Azure table <c>push</c>. Losing it makes the push go on at the log's end.</summary>
public sealed class PushCursorStore(TableServiceClient tables)
{
    private const string Partition = "cursors";
    private const string Row = "events";
    private const string Sequence = nameof(Sequence);
    private readonly StateTable push = new(tables, "push");

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => push.CreateAsync(cancellationToken);

    internal async Task<PushCursor?> FindAsync(CancellationToken cancellationToken) =>
        await push.FindAsync(Partition, Row, cancellationToken) is { } entity ? new PushCursor(entity.GetInt64(Sequence) ?? 0, entity.ETag) : null;

    /// <summary>Moves the cursor, unless somebody else did in between.</summary>
    /// <param name="sequence">Where to.</param>
    /// <param name="asItWas">What it was read as; null: there was none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal Task<bool> TryMoveAsync(long sequence, PushCursor? asItWas, CancellationToken cancellationToken)
    {
        var entity = new TableEntity(Partition, Row) { [Sequence] = sequence };
        return asItWas is null ? push.TryAddAsync(entity, cancellationToken) : push.TryReplaceAsync(entity, asItWas.ETag, cancellationToken);
    }
}

/// <summary>A place in the log.</summary>
/// <param name="Sequence">The number of the last event that was sent.</param>
/// <param name="ETag">Tells it from what others wrote.</param>
internal sealed record PushCursor(long Sequence, ETag ETag);
