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

    public static async Task<CleanTables> ReadAsync(LakeTables tables, StepWork work, CancellationToken cancellationToken)
    {
        var (bronze, rejected) = (work.Table with { Layer = "bronze" }, work.Table with { Layer = "rejected" });
        var inputs = await StepInputs.ReadAsync(tables, work, [bronze], cancellationToken);
        var (silverTable, rejectedTable) = (tables.Open(work.Pipeline, work.Table), tables.Open(work.Pipeline, rejected));
        return new CleanTables
        {
            BronzeKey = bronze,
            RejectedKey = rejected,
            Inputs = inputs,
            BronzeTable = tables.Open(work.Pipeline, bronze),
            SilverTable = silverTable,
            RejectedTable = rejectedTable,
            Silver = await silverTable.ReadAsync((long?)null, cancellationToken),
            Rejected = await rejectedTable.ReadAsync((long?)null, cancellationToken),
        };
    }
}
