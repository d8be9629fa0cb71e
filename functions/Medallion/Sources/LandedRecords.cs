using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Sources;

/// <summary>Bronze as a load was planned.</summary>
/// <param name="Reader">Reads it.</param>
/// <param name="Snapshot">Its files.</param>
/// <param name="Root">Where it lies.</param>
internal sealed record LandedRecords(TableReader Reader, DeltaSnapshot Snapshot, LakePath Root)
{
    /// <summary>Its columns that come from records.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>That of them with the cursor, or with the object that the cursor is in; null: there is none.</summary>
    public string? Cursor { get; init; }

    /// <summary>Bronze as it was planned; null: there was none, or it is made anew.</summary>
    /// <param name="tables">Where tables lie.</param>
    /// <param name="reader">Reads it.</param>
    /// <param name="request">What is landed.</param>
    /// <param name="keys">The fields that records had, in the order that names depend on.</param>
    /// <param name="cursor">The field with the cursor; null: there is none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<LandedRecords?> FindAsync(LakeTables tables, TableReader reader, LandRequest request, IReadOnlyList<string> keys, string? cursor, CancellationToken cancellationToken)
    {
        var work = request.Work;
        if (work.Rebuild || work.PlannedVersion is not { } version || await tables.Open(work.Pipeline, work.Table).ReadAsync(version, cancellationToken) is not { } snapshot)
        {
            return null;
        }

        var columns = keys.Zip(ColumnNames.ForTable(keys)).Where(c => snapshot.Schema.Find(c.Second) is not null).ToList();
        return new LandedRecords(reader, snapshot, request.Root) { Columns = [.. columns.Select(c => c.Second)], Cursor = columns.FirstOrDefault(c => c.First == cursor).Second };
    }
}
