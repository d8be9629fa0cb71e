using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>The tables of a clean step: what it reads, at the run's version, and the two that it makes, as they are.</summary>
internal sealed record CleanTables
{
    public required TableKey BronzeKey { get; init; }

    public required TableKey RejectedKey { get; init; }

    public required StepInputs Inputs { get; init; }

    public required DeltaTable BronzeTable { get; init; }

    public required DeltaTable SilverTable { get; init; }

    public required DeltaTable RejectedTable { get; init; }

    public DeltaSnapshot Bronze => Inputs.Snapshots[BronzeKey];

    /// <summary>Null where there is no such table yet.</summary>
    public required DeltaSnapshot? Silver { get; init; }

    /// <summary>Null where there is no such table yet.</summary>
    public required DeltaSnapshot? Rejected { get; init; }

    /// <summary>The table that the step is named after.</summary>
    public TableKey SilverKey => RejectedKey with { Layer = "silver" };

    /// <summary>The tables as they are, with bronze at the run's version.</summary>
    public static async Task<CleanTables> ReadAsync(LakeTables tables, StepWork work, CancellationToken cancellationToken)
    {
        var bronze = BronzeOf(work.Table);
        var inputs = await StepInputs.ReadAsync(tables, work, [bronze], cancellationToken);
        var snapshots = new Dictionary<TableKey, DeltaSnapshot>(inputs.Snapshots);
        foreach (var key in new[] { work.Table, RejectedOf(work.Table) })
        {
            if (await tables.Open(work.Pipeline, key).ReadAsync((long?)null, cancellationToken) is { } snapshot)
            {
                snapshots[key] = snapshot;
            }
        }

        await ForgetOwnCommitAsync(tables, work, snapshots, cancellationToken);
        return Of(tables, work.Pipeline, work.Table, snapshots);
    }

    // An attempt that ended between its two commits has changed rejected only. The next one sees it as the first did: it comes to the same, its commit there is a repeat, and silver gets its own.
    private static async Task ForgetOwnCommitAsync(LakeTables tables, StepWork work, Dictionary<TableKey, DeltaSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var rejected = RejectedOf(work.Table);
        while (snapshots.TryGetValue(rejected, out var now) && IsOf(now) && !(snapshots.TryGetValue(work.Table, out var silver) && IsOf(silver)))
        {
            snapshots.Remove(rejected);
            if (now.Version > 0 && await tables.Open(work.Pipeline, rejected).ReadAsync(now.Version - 1, cancellationToken) is { } before)
            {
                snapshots[rejected] = before;
            }
        }

        bool IsOf(DeltaSnapshot snapshot) => snapshot.Transactions.GetValueOrDefault(work.TransactionId, -1) == work.Number;
    }

    /// <summary>The tables as snapshots show them.</summary>
    public static CleanTables Of(LakeTables tables, string pipeline, TableKey silver, IReadOnlyDictionary<TableKey, DeltaSnapshot> snapshots) => new()
    {
        BronzeKey = BronzeOf(silver),
        RejectedKey = RejectedOf(silver),
        Inputs = new StepInputs { Snapshots = new Dictionary<TableKey, DeltaSnapshot> { [BronzeOf(silver)] = snapshots[BronzeOf(silver)] } },
        BronzeTable = tables.Open(pipeline, BronzeOf(silver)),
        SilverTable = tables.Open(pipeline, silver),
        RejectedTable = tables.Open(pipeline, RejectedOf(silver)),
        Silver = snapshots.GetValueOrDefault(silver),
        Rejected = snapshots.GetValueOrDefault(RejectedOf(silver)),
    };

    private static TableKey BronzeOf(TableKey silver) => silver with { Layer = "bronze" };

    private static TableKey RejectedOf(TableKey silver) => silver with { Layer = "rejected" };
}
