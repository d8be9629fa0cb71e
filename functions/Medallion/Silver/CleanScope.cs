using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Which rows of bronze a clean step reads: those of the versions that silver has not seen, or all, and why all.</summary>
internal sealed record CleanScope
{
    /// <summary>Bronze with no other files than those to read.</summary>
    public required DeltaSnapshot Bronze { get; init; }

    /// <summary>Whether silver and rejected keep what they have.</summary>
    public required bool Incremental { get; init; }

    /// <summary>Why all rows are read though silver is there; null where the increment is enough, or there is no silver yet.</summary>
    public string? Why { get; init; }

    /// <summary>What an attempt left in rejected without its part in silver, to be undone with the commit; null: nothing.</summary>
    public RejectedUndo? Undo { get; init; }

    /// <summary>What the step's note says of it.</summary>
    public string? Note(TableKey bronze) => Why is null ? null : $"Made anew from all of {bronze}: {Why}.";

    /// <summary>Decides by the log of bronze.</summary>
    /// <param name="tables">The step's tables.</param>
    /// <param name="session">Tells the columns that silver is to have.</param>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="rebuild">Whether all rows are to be read anyway.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="cancellationToken">Ends the reading of the log.</param>
    public static async Task<CleanScope> ReadAsync(
        CleanTables tables, DuckDbSession session, SourceDefinition declared, bool rebuild, string definition, CancellationToken cancellationToken)
    {
        if (tables.Silver is not { } now || StepState.Of(now, tables.SilverKey) is not { } state)
        {
            return All(tables.Bronze, null);
        }

        if (state.Definition != definition)
        {
            return All(tables.Bronze, "its definition changed");
        }

        // A stream has no attempt that comes again as it was.
        var undo = declared.Stream is null ? null : await RejectedUndo.FindAsync(tables, now, cancellationToken);
        if (WhyNotToBeKept(undo is null ? tables : tables with { Rejected = undo.Then }, now, session, declared) is { } reason)
        {
            return All(tables.Bronze, reason);
        }

        var (added, why) = await UnseenAsync(tables, declared, TableVersion.Parse(state.Inputs[tables.BronzeKey.ToString()]), cancellationToken);
        return why is null && !rebuild
            ? new CleanScope { Bronze = tables.Bronze with { Files = added }, Incremental = true, Undo = undo }
            : All(tables.Bronze, why ?? "a full refresh was asked for");
    }

    /// <summary>Why no row of silver and rejected can stay; null where they can.</summary>
    public static string? WhyNotToBeKept(CleanTables tables, DeltaSnapshot silver, DuckDbSession session, SourceDefinition declared)
    {
        var transaction = StepWork.TransactionOf(tables.SilverKey);
        if (tables.Rejected?.Transactions.GetValueOrDefault(transaction, -1) != silver.Transactions.GetValueOrDefault(transaction, -1))
        {
            // Rows of an increment that only one of the two tables has would be there twice, or never.
            return $"it and {tables.RejectedKey} are not of the same run, because one ended between their commits or one of them was restored";
        }

        var source = CleanSql.WithDetected(declared, StepState.Of(tables.Bronze, tables.BronzeKey)?.Columns ?? []);
        return silver.PartitionColumns.SequenceEqual(source.Partition?.As ?? []) && SameColumns(silver.Schema, DeltaSchema.FromDuckDb(session.Describe(CleanSql.EmptySilver(source))))
            ? null
            : "its columns are to be other ones";
    }

    /// <summary>The files with rows that were added after a version; or why they cannot be told.</summary>
    private static async Task<(IReadOnlyList<AddFile> Added, string? Why)> UnseenAsync(CleanTables tables, SourceDefinition declared, TableVersion seen, CancellationToken cancellationToken)
    {
        var bronze = tables.Bronze;
        if (seen.TableId != bronze.TableId || seen.Version > bronze.Version)
        {
            return ([], $"{tables.BronzeKey} was created anew");
        }

        var changes = await tables.BronzeTable.ReadChangesAsync(seen.Version, bronze.Version, cancellationToken);
        if (changes.GoneAt is { } gone)
        {
            return ([], $"version {gone} of {tables.BronzeKey}, which it has not read yet, is no longer in the log");
        }

        if (changes.RemovedRowsAt is { } removed)
        {
            return ([], $"version {removed} of {tables.BronzeKey} removed rows");
        }

        if (changes.MetadataAt is { } changed && await OtherColumnsAsync(tables, declared, seen.Version, cancellationToken))
        {
            return ([], $"version {changed} of {tables.BronzeKey} changed its columns");
        }

        // Packed since: the rows are still there as they were added, until a vacuum.
        var live = bronze.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var packed in changes.Added.Where(f => !live.Contains(f.Path)))
        {
            if (!await tables.BronzeTable.HoldsAsync(packed, cancellationToken))
            {
                return ([], $"new rows of {tables.BronzeKey} were packed together with older ones, and their own files are deleted");
            }
        }

        return (changes.Added, null);
    }

    private static async Task<bool> OtherColumnsAsync(CleanTables tables, SourceDefinition declared, long version, CancellationToken cancellationToken)
    {
        try
        {
            return await tables.BronzeTable.ReadAsync(version, cancellationToken) is not { } then
                || !(declared.Stream is null ? SameColumns(then.Schema, tables.Bronze.Schema) : HasColumns(tables.Bronze.Schema, then.Schema));
        }
        catch (UnknownVersionException)
        {
            return true;
        }
    }

    private static bool SameColumns(DeltaSchema one, DeltaSchema other) => one.Fields.Select(f => (f.Name, f.Type)).SequenceEqual(other.Fields.Select(f => (f.Name, f.Type)));

    // Of a stream any event may bring a field, and one that came later is missing in all rows before.
    private static bool HasColumns(DeltaSchema now, DeltaSchema then) => then.Fields.All(f => now.Find(f.Name) is { } field && field.Type.Equals(f.Type));

    private static CleanScope All(DeltaSnapshot bronze, string? why) => new() { Bronze = bronze, Incremental = false, Why = why };
}
