using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.DuckDb.Lineage;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Silver;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Lineage;

/// <summary>Where silver and rejected of a source come from: a SELECT that does to columns what cleaning does is followed as any other.</summary>
/// <param name="source">The source, with its declared or detected columns.</param>
/// <param name="bronze">The columns of bronze; null where they are not known.</param>
internal sealed class CleanLineage(SourceDefinition source, IReadOnlyList<DuckDbColumn>? bronze)
{
    private readonly List<string> rules = [.. source.Rules.Where(rule => rule.Otherwise == RuleOutcome.Reject).Select(rule => $"({rule.Expect}\n)")];

    // A column of text that may be anything rejects no row.
    private readonly List<string> looked = [.. source.Columns
        .Where(c => c.Type != "VARCHAR" || c.Required || source.Key.Contains(c.Name) || c.Min is not null || c.Max is not null || c.In.Count > 0 || c.Pattern is not null || c.Unique || c.References is not null)
        .Select(c => Sql.Identifier(c.Name))];

    // What a row of silver may fail decides on its score and its tier.
    private readonly List<string> lenient =
    [
        .. source.Rules.Where(rule => rule.Otherwise != RuleOutcome.Reject).Select(rule => $"({rule.Expect}\n)"),
        .. source.Columns.Where(c => source.Adjustments.Any(a => a.Otherwise is RuleOutcome.Warn or RuleOutcome.Fail && a.Id.StartsWith($"{c.Name}-", StringComparison.Ordinal))).Select(c => Sql.Identifier(c.Name)),
    ];

    private string Valid => string.Join(" and ", looked.Select(column => $"{column} is not null").Concat(rules).Prepend("_error is null"));

    /// <summary>Where silver comes from.</summary>
    /// <param name="session">Understands SQL.</param>
    /// <param name="columns">The columns of silver.</param>
    /// <param name="clusters">The models of the pipeline; some may score the rows.</param>
    public TableLineage Silver(DuckDbSession session, IEnumerable<string> columns, IReadOnlyList<ClusterDefinition> clusters)
    {
        var parts = source.Partition is { } partition ? partition.As.Select(part => $"{part}({Sql.Identifier(partition.By)}) as {Sql.Identifier(part)}") : [];
        var list = string.Join(", ", source.Columns.Select(column => Sql.Identifier(column.Name)).Concat(parts).Concat(["_ingested_at", "_file", "_row", $"{Score} as {CleanSql.QualityColumn}", $"{Score} as {CleanSql.TierColumn}"]).Concat(clusters.Where(c => source.Score.Contains(c.Name)).SelectMany(Said)));
        var latest = source.LatestBy is { } by ? $"{Sql.Identifier(by)}, " : "";
        var one = source.Key.Count == 0 ? "" : $"qualify row_number() over (partition by {string.Join(", ", source.Key.Select(Sql.Identifier))} order by {latest}_ingested_at, _file, _row) = 1";
        return Follow(session, $"select {list} from ({Typed}) where {Valid} {one}", columns);
    }

    // A model looks at all of its features for each column that it gives.
    private IEnumerable<string> Said(ClusterDefinition model)
    {
        var looks = string.Join(", ", model.Features.Select(f => f.Column).Where(f => source.Columns.Any(c => c.Name == f)).Select(Sql.Identifier).Prepend("null"));
        return ScoreColumns.Of(model.Name).Select(column => $"row({looks}) as {Sql.Identifier(column)}");
    }

    private string Score => lenient.Count == 0 ? "1" : $"row({string.Join(", ", lenient)})";

    /// <summary>Where rejected comes from.</summary>
    public TableLineage Rejected(DuckDbSession session, IEnumerable<string> columns)
    {
        // The raw row is made of columns that only the table can tell.
        var raw = bronze is null ? "" : ", case when _error is null then _record::varchar else _raw end as raw";
        var failures = $"row({string.Join(", ", looked.Concat(rules).Prepend("_error"))})";
        return Follow(session, $"select null as rejected_at, null as run_id, null as source, _file as file, _row as row{raw}, {failures} as failures from ({Typed}) where not ({Valid})", columns);
    }

    private string Typed
    {
        get
        {
            var record = bronze is null ? "" : $", row({string.Join(", ", bronze.Where(c => !BronzeColumns.IsTechnical(c.Name)).Select(c => Sql.Identifier(c.Name)).Prepend("null"))}) as _record";
            return $"select {string.Concat(source.Columns.Select(c => $"{Value(c)} as {Sql.Identifier(c.Name)}, "))}_ingested_at, _file, _row, _error, _raw{record} from bronze.{Sql.Identifier(source.Name)}";
        }
    }

    private string Value(ColumnDefinition column)
    {
        if (column.Expr is { } expression)
        {
            return $"cast(({expression}\n) as {column.Type})";
        }

        var name = ColumnNames.ForTable(column.From ?? column.Name);
        var found = bronze?.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));
        var passes = found?.Type == column.Type && column.Format is null && column.Default is null;
        return bronze is not null && found is null ? "null" : passes ? Sql.Identifier(name) : $"cast({Sql.Identifier(name)} as {column.Type})";
    }

    private TableLineage Follow(DuckDbSession session, string sql, IEnumerable<string> columns) =>
        TableLineage.Of(SelectLineage.Of(session, sql, table => table.Schema == "bronze" ? bronze?.Select(column => column.Name).ToList() : null), columns);
}
