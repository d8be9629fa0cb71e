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
            identities[table.ToString()] = StepState.Identity(snapshot);
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

    /// <summary>Succeeded where this very run has committed the step already, unchanged where neither input nor definition moved; null where there is work to do.</summary>
    public StepStatus? IsDone(DeltaSnapshot? table, StepWork work, string definition)
    {
        if (table is null || StepState.Of(table, work.Table) is not { } state)
        {
            return null;
        }

        if (table.Transactions.GetValueOrDefault(work.TransactionId, -1) == work.Number)
        {
            return StepStatus.Succeeded;
        }

        return !work.Rebuild && state.Definition == definition && state.Inputs.SequenceEqual(Identities) ? StepStatus.Unchanged : null;
    }
}
