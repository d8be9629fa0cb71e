using System.Globalization;
using System.Text.Json.Serialization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>What a step knows of its last success. It lies in the same commit as the data, so that both are there or neither.</summary>
public sealed record StepState
{
    /// <summary>The run that made the version.</summary>
    public required string RunId { get; init; }

    /// <summary>Hash of the part of the definition that the step follows.</summary>
    public required string Definition { get; init; }

    /// <summary>What was read: the identity of each input table's version.</summary>
    public SortedDictionary<string, string> Inputs { get; init; } = [];

    /// <summary>How the rows came out.</summary>
    public required RowBooks Rows { get; init; }

    /// <summary>Segments of the ledger of files taken, oldest first (ingest steps).</summary>
    public IReadOnlyList<Sources.File.LedgerSegment> Ledger { get; init; } = [];

    /// <summary>How far the source was taken, in the words of its connector; null where it keeps none (ingest steps).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Position { get; init; }

    /// <summary>Columns that were detected, with their types (ingest steps without a contract).</summary>
    public IReadOnlyList<DetectedColumn> Columns { get; init; } = [];

    /// <summary>What models said of the rows of the commit; null: none was asked (clean steps).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ScoredRows>? Scored { get; init; }

    /// <summary>The state of a step in a snapshot of its table, or null where the step never committed there.</summary>
    public static StepState? Of(DeltaSnapshot? snapshot, TableKey step) =>
        snapshot is not null && snapshot.Domains.TryGetValue($"pipeline.step.{step}", out var text) ? Json.Read<StepState>(text) : null;
}

/// <summary>A version of a table, told apart also across the table's deletion and re-creation; as text <c>ID@VERSION</c>.</summary>
/// <param name="TableId">The table.</param>
/// <param name="Version">Its version.</param>
public readonly record struct TableVersion(string TableId, long Version)
{
    /// <summary>The version that a snapshot shows.</summary>
    public static TableVersion Of(DeltaSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new TableVersion(snapshot.TableId, snapshot.Version);
    }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static TableVersion Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.LastIndexOf('@');
        return at > 0 ? new TableVersion(text[..at], long.Parse(text.AsSpan(at + 1), CultureInfo.InvariantCulture)) : throw new FormatException($"'{text}' is not ID@VERSION.");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{TableId}@{Version}");
}

/// <summary>A column that was found in files, and the narrowest type that its values fit.</summary>
public sealed record DetectedColumn(string Name, string Type)
{
    /// <summary>The type of a column that had no value at all; it fits every type, and is text in the end.</summary>
    internal const string Unknown = "NULL";

    /// <summary>Whether a row without a value was seen.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Nullable { get; init; }

    /// <summary>Up to three of its values, each of up to 100 characters; null where none was seen.</summary>
    public IReadOnlyList<string>? Examples { get; init; }

    /// <summary>What is within its objects or lists, as DuckDB's json_structure tells it; null where its values are neither.</summary>
    public string? Structure { get; init; }
}

/// <summary>The books of a step: every row that came in is accounted for, once.</summary>
public sealed record RowBooks
{
    /// <summary>Rows read.</summary>
    public required long In { get; init; }

    /// <summary>Rows written that were not there before.</summary>
    public long Inserted { get; init; }

    /// <summary>Rows written in place of an older row of the same key.</summary>
    public long Updated { get; init; }

    /// <summary>Rows left out for a later row of the same key.</summary>
    public long Superseded { get; init; }

    /// <summary>Rows left out because the same row was there already.</summary>
    public long Duplicate { get; init; }

    /// <summary>Rows that say that their key is deleted, so that silver has none of it.</summary>
    public long Deleted { get; init; }

    /// <summary>Rows that failed a rule.</summary>
    public long Rejected { get; init; }

    /// <summary>Rows that failed a rule which only warns; they are among those written.</summary>
    public long Warned { get; init; }

    /// <summary>Rows of keys outside of a backfill's range, which it left as they were.</summary>
    public long Untouched { get; init; }

    /// <summary>Rows written.</summary>
    public long Out => Inserted + Updated;

    /// <summary>Refuses books that do not balance.</summary>
    /// <exception cref="Lakehouse.TerminalException">Rows in are not the sum of what became of them: a defect, never bad data.</exception>
    public void RequireBalance(TableKey step)
    {
        if (In != Inserted + Updated + Superseded + Duplicate + Deleted + Rejected + Untouched)
        {
            throw new Lakehouse.TerminalException(
                $"The books of {step} do not balance: {In} rows in, but {Inserted} inserted + {Updated} updated + {Superseded} superseded + {Duplicate} duplicate + {Deleted} deleted + {Rejected} rejected + {Untouched} untouched. Nothing was committed.");
        }
    }
}
