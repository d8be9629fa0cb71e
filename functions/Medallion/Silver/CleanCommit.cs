using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>What cleaning came to: files that lie on the lake and wait for their commits.</summary>
internal sealed record CleanCommit
{
    /// <summary>Whether silver and rejected keep what they have, but for <see cref="Remove"/>.</summary>
    public required bool Incremental { get; init; }

    /// <summary>The step's note: why all rows were read.</summary>
    public required string? Note { get; init; }

    /// <summary>New files of silver.</summary>
    public required IReadOnlyList<AddFile> Add { get; init; }

    /// <summary>Files of silver that an increment replaces.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];

    /// <summary>Whether what silver holds was looked at: another commit in between voids the files.</summary>
    public required bool RestsOnSilver { get; init; }

    /// <summary>New files of rejected.</summary>
    public required IReadOnlyList<AddFile> Refused { get; init; }

    /// <summary>Files of rejected that go.</summary>
    public IReadOnlyList<string> RefusedRemove { get; init; } = [];

    /// <summary>The version of silver that the files rest on; null: that there is none.</summary>
    public required long? SilverVersion { get; init; }

    /// <summary>The version of rejected that the files rest on; null: that there is none.</summary>
    public required long? RejectedVersion { get; init; }

    /// <summary>What models said of the new rows of silver.</summary>
    public IReadOnlyList<ScoredRows> Scored { get; init; } = [];

    /// <summary>What became of the rows.</summary>
    public required RowBooks Rows { get; init; }

    /// <summary>Commits rejected, then silver with the step's state: where silver is, rejected is too. An end in between leaves transactions that differ, by which the next run
    /// sees it; a repeat finds the first transaction and makes the second; a straggler finds newer ones.</summary>
    /// <param name="tables">The step's tables.</param>
    /// <param name="source">The source, with its columns.</param>
    /// <param name="session">Tells the columns' types.</param>
    /// <param name="work">The step.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="cancellationToken">Ends the commits.</param>
    public async Task<StepOutcome> CommitAsync(
        CleanTables tables, SourceDefinition source, DuckDbSession session, StepWork work, string definition, CancellationToken cancellationToken)
    {
        Rows.RequireBalance(work.Table);
        var rejected = await tables.RejectedTable.CommitAsync(
            new DeltaCommit
            {
                Operation = "CLEAN",

                // Also where nothing goes: what another instance refused meanwhile may be the same rows, and it need not get as far as silver.
                Mode = Incremental && RejectedVersion is not null ? CommitMode.Replace : CommitMode.Overwrite,
                Schema = DeltaSchema.FromDuckDb(session.Describe(CleanSql.EmptyRejected)),
                Add = Refused,
                Remove = RefusedRemove,
                Transaction = new TransactionId(work.TransactionId, work.Number),
                Description = $"Rows of source {source.Name} that failed a rule, with the reasons",
                ReadVersion = RejectedVersion ?? -1,
            },
            cancellationToken);
        var state = new StepState { RunId = work.RunId, Definition = definition, Inputs = tables.Inputs.Identities, Rows = Rows, Scored = Scored.Count == 0 ? null : Scored };
        var silver = await tables.SilverTable.CommitAsync(
            new DeltaCommit
            {
                Operation = "CLEAN",
                Mode = !Incremental ? CommitMode.Overwrite : RestsOnSilver ? CommitMode.Replace : CommitMode.Append,
                Schema = DeltaSchema.FromDuckDb(session.Describe(CleanSql.EmptySilver(source))),
                PartitionColumns = source.Partition?.As ?? [],
                Add = Add,
                Remove = Remove,
                Transaction = new TransactionId(work.TransactionId, work.Number),
                Domains = [new DomainState(work.StateDomain, Json.Write(state))],
                Description = $"Valid rows of source {source.Name}",
                ReadVersion = SilverVersion ?? -1,
                Metrics = new Dictionary<string, string> { ["runId"] = work.RunId, ["numRejectedRows"] = Rows.Rejected.ToString(CultureInfo.InvariantCulture) },
            },
            cancellationToken);
        return StepOutcome.Of(work.Table, StepStatus.Succeeded, Rows, (work.Table, silver.Version), (tables.RejectedKey, rejected.Version)) with { Note = Note, Scored = ScoredBatch.Of(state, isRepeat: false) };
    }
}
