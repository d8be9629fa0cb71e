using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Writes windows that take no more events to the aggregate's table in gold, each once: which ones are there is in the commit that brought them.</summary>
internal sealed class ClosedWindows(LakeTables tables, Engine engine, DataFileWriter writer, LiveStore store, TimeProvider clock)
{
    // So long can windows still be looked at that are closed.
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>Closes what is due.</summary>
    /// <param name="target">The source.</param>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="name">What its state is kept under.</param>
    /// <param name="head">How far it is counted.</param>
    /// <param name="watermark">The event time that all partitions have reached; null: none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TransientException">Another instance closes them, or the storage did not answer.</exception>
    public async Task CloseAsync(StreamTarget target, AggregateDefinition aggregate, string name, LiveHead head, long? watermark, CancellationToken cancellationToken)
    {
        var (size, every) = ((long)aggregate.Size.TotalMilliseconds, (long)aggregate.Every.TotalMilliseconds);
        var due = watermark is { } reached ? reached - (long)aggregate.Lateness.TotalMilliseconds : long.MinValue;
        var last = due == long.MinValue ? long.MinValue : ((due - size) / every * every) + size;
        if (last <= head.ClosedThrough)
        {
            return;
        }

        var key = new TableKey("gold", aggregate.Name);
        var table = tables.Open(target.Pipeline.Definition.Name, key);
        var snapshot = await table.ReadAsync((long?)null, cancellationToken);
        var through = snapshot is not null && snapshot.Domains.TryGetValue(DomainOf(key), out var text) ? Json.Read<ClosedState>(text).ThroughMs : long.MinValue;
        if (last > through)
        {
            // From the first that is not closed; the very first time from the first that there is.
            var windows = await store.WindowsAsync(name, through == long.MinValue ? 0 : through - size + every, last - size + 1, cancellationToken);
            if (windows.Count > 0)
            {
                await WriteAsync(target, aggregate, table, snapshot, windows, new DomainState(DomainOf(key), Json.Write(new ClosedState(last))), cancellationToken);
            }

            await store.DeleteAsync(name, last - size - (long)Kept.TotalMilliseconds, cancellationToken);
        }

        await store.CloseAsync(name, Math.Max(last, through), cancellationToken);
    }

    private async Task WriteAsync(
        StreamTarget target, AggregateDefinition aggregate, DeltaTable table, DeltaSnapshot? snapshot, SortedDictionary<long, List<LiveRow>> windows, DomainState state, CancellationToken cancellationToken)
    {
        using var session = engine.OpenSmallSession();
        var select = Select(session, target.Source, aggregate, windows, cancellationToken);
        var commit = new DeltaCommit
        {
            Operation = "STREAM",
            Mode = CommitMode.Append,
            Schema = DeltaSchema.FromDuckDb(session.Describe(select)),
            Add = await writer.WriteAsync(session, select, table.Root, [], Guid.CreateVersion7(clock.GetUtcNow()).ToString("N"), cancellationToken),
            Domains = [state],
            Description = aggregate.Description ?? $"Closed windows of the live aggregate {aggregate.Name}",
            ReadVersion = snapshot?.Version ?? -1,
        };
        await table.CommitAsync(commit, cancellationToken);
    }

    private static string Select(DuckDbSession session, SourceDefinition source, AggregateDefinition aggregate, SortedDictionary<long, List<LiveRow>> windows, CancellationToken cancellationToken)
    {
        var numbers = aggregate.Values.Select((_, i) => $"n{i} varchar");
        session.Execute($"create temp table closing (start bigint, grp varchar, {string.Join(", ", numbers)})", cancellationToken);
        using (var appender = session.Append("closing"))
        {
            foreach (var (start, rows) in windows)
            {
                foreach (var (group, tallies) in LiveGroups.Merge(rows))
                {
                    appender.Append([start, group, .. aggregate.Values.Zip(tallies, (value, tally) => tally.Value(value.Function))]);
                }
            }

            appender.Complete();
        }

        // The types that a query over silver would give.
        session.Execute($"create temp view declared as {Silver.CleanSql.EmptyTyped(source)}", cancellationToken);
        var types = session.Describe($"select {string.Join(", ", aggregate.Values.Select(v => $"{WindowSql.Value(v)} as {Sql.Identifier(v.Name)}"))} from declared");
        var size = WindowSql.Ms(aggregate.Size);
        var keys = aggregate.By.Select((by, i) => $"(grp::json->>{i})::{Silver.CleanSql.Stored(source.Columns.First(c => c.Name == by).Type)} as {Sql.Identifier(by)}");
        var values = aggregate.Values.Select((value, i) => $"n{i}::{TableType(types[i])} as {Sql.Identifier(value.Name)}");
        return $"select epoch_ms(start)::timestamptz as window_start, epoch_ms(start + {size})::timestamptz as window_end, {string.Join(", ", keys.Concat(values))} from closing order by start, grp";
    }

    // What a sum of whole numbers is has no counterpart in a table.
    private static string TableType(DuckDbColumn column) => column.Type == "HUGEINT" ? "decimal(38,0)" : column.Type;

    private static string DomainOf(TableKey table) => $"pipeline.live.{table}";

    private sealed record ClosedState(long ThroughMs);
}
