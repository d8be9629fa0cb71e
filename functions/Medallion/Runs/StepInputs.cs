using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>The tables that a step reads, at the versions that the run is pinned to.</summary>
internal sealed record StepInputs
{
    public required IReadOnlyDictionary<TableKey, DeltaSnapshot> Snapshots { get; init; }

    /// <summary>What the step's state remembers of them.</summary>
    public SortedDictionary<string, string> Identities => Identify(Snapshots.Select(s => (s.Key, s.Value)));

    public static SortedDictionary<string, string> Identify(IEnumerable<(TableKey Table, DeltaSnapshot Snapshot)> inputs)
    {
        var identities = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (table, snapshot) in inputs)
        {
            identities[table.ToString()] = TableVersion.Of(snapshot).ToString();
        }

        return identities;
    }

    public static async Task<StepInputs> ReadAsync(LakeTables tables, StepWork work, IReadOnlyList<TableKey> inputs, CancellationToken cancellationToken)
    {
        var snapshots = new Dictionary<TableKey, DeltaSnapshot>();
        foreach (var input in inputs)
        {
            var version = work.Inputs.TryGetValue(input, out var pinned)
                ? pinned
                : throw new TerminalException($"{work.Table} reads {input}, which is not built yet. Run the whole pipeline, or select {Step.MakerOf(input)} too.");
            snapshots[input] = await tables.Open(work.Pipeline, input).ReadAsync(version, cancellationToken)
                ?? throw new TerminalException($"{work.Table} reads {input}, whose table was deleted while the run was going on. Start a new run.");
        }

        return new StepInputs { Snapshots = snapshots };
    }

    /// <summary>The inputs whose rows, columns or identity are not what a state remembers. Commits that only rearranged rows do not count.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="pipeline">Their pipeline.</param>
    /// <param name="remembered">What the state remembers.</param>
    /// <param name="inputs">The inputs as they are to be read.</param>
    /// <param name="cancellationToken">Ends the reading of logs.</param>
    public static async Task<IReadOnlyList<TableKey>> MovedAsync(
        LakeTables tables, string pipeline, IReadOnlyDictionary<string, string> remembered, IReadOnlyCollection<(TableKey Table, DeltaSnapshot Snapshot)> inputs, CancellationToken cancellationToken)
    {
        var moved = new List<TableKey>();
        foreach (var (table, snapshot) in inputs)
        {
            if (!remembered.TryGetValue(table.ToString(), out var text)
                || TableVersion.Parse(text) is var then && (then.TableId != snapshot.TableId || then.Version > snapshot.Version
                    || !(await tables.Open(pipeline, table).ReadChangesAsync(then.Version, snapshot.Version, cancellationToken)).IsEmpty))
            {
                moved.Add(table);
            }
        }

        return moved;
    }

    /// <summary>Succeeded where this very run has committed the step already, unchanged where neither input nor definition moved; null where there is work to do.</summary>
    public async Task<StepStatus?> IsDoneAsync(LakeTables tables, DeltaSnapshot? table, StepWork work, string definition, CancellationToken cancellationToken)
    {
        if (table is null || StepState.Of(table, work.Table) is not { } state)
        {
            return null;
        }

        if (table.Transactions.GetValueOrDefault(work.TransactionId, -1) == work.Number)
        {
            return StepStatus.Succeeded;
        }

        return work is { Rebuild: false, Backfill: null, Replay: null } && state.Definition == definition && state.Inputs.Count == Snapshots.Count
            && (await MovedAsync(tables, work.Pipeline, state.Inputs, [.. Snapshots.Select(s => (s.Key, s.Value))], cancellationToken)).Count == 0
            ? StepStatus.Unchanged
            : null;
    }
}
