using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources;

/// <summary>A connector: it finds what there is to take of a source, writes it to data files part by part, and says what is committed with them.</summary>
/// <remarks>Each call may be made again with the same arguments, by another instance. What has no commit never was.</remarks>
internal interface ISource
{
    /// <summary>What <c>connector:</c> calls it.</summary>
    string Connector { get; }

    /// <summary>Asks the source whether it can be reached, at little cost.</summary>
    /// <returns>What it answered: words for people, without a secret.</returns>
    /// <exception cref="Lakehouse.LakehouseException">It cannot be reached, or not with this definition.</exception>
    Task<string> CheckAsync(SourceDefinition source, CancellationToken cancellationToken);

    /// <summary>Finds what a run takes, and lists its parts. It writes nothing else.</summary>
    /// <exception cref="Lakehouse.LakehouseException">The source cannot be reached, or not with this definition.</exception>
    Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken);

    /// <summary>Writes a part to data files of bronze, which nobody sees yet.</summary>
    /// <exception cref="Lakehouse.LakehouseException">The part cannot be read.</exception>
    Task<IReadOnlyList<LandedBatch>> LandAsync(LandRequest request, CancellationToken cancellationToken);

    /// <summary>Says what is committed of the parts that were landed, and how far the source is taken then.</summary>
    /// <returns>The change; null: there is none, and nothing is committed.</returns>
    Task<SourceChange?> CloseAsync(CloseRequest request, CancellationToken cancellationToken);
}

/// <summary>What a connector scans by.</summary>
internal sealed record ScanRequest
{
    /// <summary>The source.</summary>
    public required SourceDefinition Source { get; init; }

    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The source's table of bronze.</summary>
    public required TableKey Bronze { get; init; }

    /// <summary>What was taken so far; null: take everything anew.</summary>
    public StepState? State { get; init; }

    /// <summary>Compares; one session serves all sources of a plan.</summary>
    public required DuckDbSession Session { get; init; }

    /// <summary>Gets the parts.</summary>
    public required PartList Parts { get; init; }
}

/// <summary>What a scan came to.</summary>
/// <param name="Rebuild">Whether bronze is to be made anew from the parts.</param>
/// <param name="Reads">What is read.</param>
/// <param name="Why">Why there is something to take, or nothing: words for people.</param>
internal sealed record SourceScan(bool Rebuild, StepReads Reads, string Why);

/// <summary>The list of a source's parts. Each is a document of the connector's, which comes back where the part is landed.</summary>
/// <param name="folder">Where the documents go; null: a preview, which keeps none.</param>
/// <param name="planId">The attempt that makes the plan.</param>
/// <param name="step">The step.</param>
internal sealed class PartList(RunFolder? folder, string planId, TableKey step)
{
    /// <summary>How many parts there are; 0: nothing to take.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a part.</summary>
    public Task AddAsync<T>(T part, CancellationToken cancellationToken)
    {
        var name = RunFolder.PartName(planId, step, Count++);
        return folder?.WriteAsync(name, part, cancellationToken) ?? Task.CompletedTask;
    }
}

/// <summary>A part that is to be landed.</summary>
internal sealed record LandRequest
{
    /// <summary>The source.</summary>
    public required SourceDefinition Source { get; init; }

    /// <summary>The step, and the part's number.</summary>
    public required StepWork Work { get; init; }

    /// <summary>This attempt; names the data files.</summary>
    public required string Invocation { get; init; }

    /// <summary>The run's folder, with the part's document.</summary>
    public required RunFolder Folder { get; init; }

    /// <summary>Where bronze lies.</summary>
    public LakePath Root => LakeTables.Root(Work.Pipeline, Work.Table);

    /// <summary>The part's document, as the scan made it.</summary>
    public Task<T> ReadPartAsync<T>(CancellationToken cancellationToken) => Folder.ReadAsync<T>(RunFolder.PartName(Work.PlanId, Work.Table, Work.Part), cancellationToken);
}

/// <summary>A step whose parts are landed.</summary>
internal sealed record CloseRequest
{
    /// <summary>The source.</summary>
    public required SourceDefinition Source { get; init; }

    /// <summary>The step.</summary>
    public required StepWork Work { get; init; }

    /// <summary>What was landed, part after part.</summary>
    public required IReadOnlyList<LandedBatch> Landed { get; init; }

    /// <summary>Bronze as it is; null where there is no table yet.</summary>
    public DeltaSnapshot? Snapshot { get; init; }

    /// <summary>What was taken so far; null where bronze is made anew.</summary>
    public StepState? State { get; init; }

    /// <summary>Whether bronze is made anew from what was landed.</summary>
    public required bool Overwrite { get; init; }

    /// <summary>This attempt; names what it writes.</summary>
    public required string Invocation { get; init; }
}

/// <summary>What is committed to bronze of a source.</summary>
internal sealed record SourceChange
{
    /// <summary>The data files that are added, with their columns.</summary>
    public required IReadOnlyList<LandedBatch> Landed { get; init; }

    /// <summary>How many rows were read.</summary>
    public required long Rows { get; init; }

    /// <summary>Whether they take the place of all rows that are there.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Data files that take the place of others.</summary>
    public Rewrite Rewrite { get; init; } = Rewrite.None;

    /// <summary>The ledger of files taken; empty for a connector that keeps none.</summary>
    public IReadOnlyList<File.LedgerSegment> Ledger { get; init; } = [];

    /// <summary>How far the source is taken then, which comes back as <see cref="StepState.Position"/>.</summary>
    public string? Position { get; init; }

    /// <summary>What the log of the table says of the commit.</summary>
    public IReadOnlyDictionary<string, string> Metrics { get; init; } = new Dictionary<string, string>();

    /// <summary>What is worth knowing though all went well.</summary>
    public string? Note { get; init; }
}

/// <summary>Data files that take the place of others.</summary>
/// <param name="Add">What is written.</param>
/// <param name="Remove">The paths of what it replaces.</param>
internal sealed record Rewrite(IReadOnlyList<AddFile> Add, IReadOnlyList<string> Remove)
{
    /// <summary>Nothing changes.</summary>
    public static Rewrite None { get; } = new([], []);
}
