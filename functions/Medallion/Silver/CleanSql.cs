using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Schemas.Sources;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Silver;

/// <summary>The SQL that turns bronze rows into typed rows with a verdict. Everything is set-based; a row that fails is data.</summary>
internal sealed class CleanSql
{
    /// <summary>The score of a row of silver, from 0 to 1.</summary>
    public const string QualityColumn = "_quality";

    /// <summary>The tier of a row of silver: <c>silver</c> or <c>gold</c>.</summary>
    public const string TierColumn = "_tier";

    /// <summary>The fields of a row that the contract does not know, as JSON.</summary>
    public const string RescuedColumn = "_rescued";

    private static readonly HashSet<string> Integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"];
    private readonly SourceDefinition source;
    private readonly IReadOnlyList<DuckDbColumn> bronze;
    private string rows = "";

    /// <summary>Prepares the SQL for a source whose raw rows are <c>bronze.NAME</c> in the session.</summary>
    /// <param name="source">The source, with its declared or detected columns.</param>
    /// <param name="bronze">The columns of the bronze table.</param>
    public CleanSql(SourceDefinition source, IReadOnlyList<DuckDbColumn> bronze)
    {
        this.source = source;
        this.bronze = bronze;
        Checks = new SourceChecks(source);
    }

    /// <summary>What rows are checked for.</summary>
    public SourceChecks Checks { get; }

    /// <summary>The columns of <c>rejected</c>, without rows.</summary>
    public static string EmptyRejected =>
        "select null::timestamptz as rejected_at, null::varchar as run_id, null::varchar as source, null::varchar as file, null::bigint as row, null::varchar as raw, "
        + "null::struct(rule varchar, \"column\" varchar, \"value\" varchar, reason varchar)[] as failures where false";

    /// <summary>The columns of silver, without rows.</summary>
    public static string EmptySilver(SourceDefinition source) =>
        $"select {string.Join(", ", source.Columns.Select(c => $"null::{Stored(c.Type)} as {Sql.Identifier(c.Name)}"))}{PartitionColumns(source)}, null::timestamptz as _ingested_at, null::varchar as _file, null::bigint as _row, null::double as {QualityColumn}, null::varchar as {TierColumn}{(source.Evolution == SchemaEvolution.Discard ? $", null::varchar as {RescuedColumn}" : "")}{ScoreColumns.Empty(source)} where false";

    /// <summary>What rules see of a row, without rows.</summary>
    public static string EmptyTyped(SourceDefinition source) =>
        $"select {string.Join(", ", source.Columns.Select(c => $"null::{Stored(c.Type)} as {Sql.Identifier(c.Name)}"))}, null::timestamptz as _ingested_at, null::varchar as _file, null::bigint as _row where false";

    /// <summary>The source as its files describe it, where it has no contract of its own.</summary>
    public static SourceDefinition WithDetected(SourceDefinition source, IReadOnlyList<DetectedColumn> detected)
    {
        if (source.Columns.Count > 0)
        {
            return UnknownFields.Adopt(source, detected);
        }

        var scores = ScoreColumns.Of(source).ToList();
        var names = ColumnNames.ForTable(scores.Concat(detected.Select(d => ColumnNames.ForSilver(d.Name)))).Skip(scores.Count);
        return source with { Columns = [.. detected.Zip(names, (d, name) => new ColumnDefinition { Name = name, From = d.Name, Type = d.Type, Line = source.Line })] };
    }

    /// <summary>Defines the view <c>checked</c>: technical columns, <c>_record</c> (the raw row), typed columns and <c>_valid</c>.</summary>
    public void Define(DuckDbSession session)
    {
        var raw = bronze.Where(c => !BronzeColumns.IsTechnical(c.Name)).Select(c => $"{Sql.Literal(c.Name)}: {Sql.Identifier(c.Name)}").ToList();
        var record = raw.Count == 0 ? "null" : $"{{{string.Join(", ", raw)}}}";
        var values = source.Columns.Select((c, i) => $", {ValueOf(c)} as {SourceChecks.Raw(i)}");
        var absent = source.Columns.Where(c => c.Expr is not null).SelectMany(c => ScalarExpression.Parse(session, c.Expr ?? "").Columns).Distinct(StringComparer.OrdinalIgnoreCase)
            .Where(name => bronze.All(b => !string.Equals(b.Name, name, StringComparison.OrdinalIgnoreCase)));
        rows = $"select *{string.Concat(absent.Select(name => $", null::varchar as {Sql.Identifier(name)}"))} from bronze.{Sql.Identifier(source.Name)}";
        session.Execute($"create temp view source_rows as {rows}");
        session.Execute($"create temp view raw_values as select _ingested_at, _file, _row, _run_id, _error, _raw, {(source.Stream is not null && bronze.Any(c => c.Name == BronzeColumns.Rule) ? BronzeColumns.Rule : $"null::varchar as {BronzeColumns.Rule}")}, {record} as _record{Unexpected()}{string.Concat(values)} from source_rows");
        var typed = source.Columns.Select((c, i) => $", {TypedOf(c, SourceChecks.Raw(i), TypeOf(session, SourceChecks.Raw(i)))} as {Sql.Identifier(c.Name)}");
        session.Execute($"create temp view typed as select *{string.Concat(typed)} from raw_values");
        var looked = source.Columns.Select((c, i) => (Column: c, Index: i)).ToList();
        var found = looked.Where(c => c.Column.References is not null).Select(c => $", {Sql.Identifier(c.Column.Name)} in (select value from {Lookups.NameOf(c.Index)}) as {SourceChecks.Found(c.Index)}");
        session.Execute($"create temp view resolved as select *{string.Concat(found)} from typed");
        var unique = looked.Where(c => c.Column.Unique).ToList();
        session.Execute($"create temp view sound as select * from resolved where {Holds(looked, withUnique: false)}");
        unique.ForEach(c => session.Execute(UniqueValues.Empty(c.Index)));
        var taken = unique.Select(c => $", row(_file, _row) in (select row(_file, _row) from {UniqueValues.NameOf(c.Index)}) as {SourceChecks.Taken(c.Index)}");
        session.Execute($"create temp view marked as select *{string.Concat(taken)} from resolved");
        session.Execute($"create temp view checked as select *, {Holds(looked, withUnique: true)} as _valid from marked");
        ScoreColumns.Create(session, source);
    }

    // Without those that are null: a row of CSV has every field of its file's header.
    private string Unexpected()
    {
        if (source.Evolution is not (SchemaEvolution.Freeze or SchemaEvolution.Discard))
        {
            return "";
        }

        var unknown = UnknownFields.Of(source, bronze);
        return unknown.Count == 0
            ? $", null::varchar as {SourceChecks.Unexpected}"
            : $", nullif(json_merge_patch('{{}}', to_json({{{string.Join(", ", unknown.Select(c => $"{Sql.Literal(c)}: {Sql.Identifier(c)}"))}}}))::varchar, '{{}}') as {SourceChecks.Unexpected}";
    }

    private string Holds(IEnumerable<(ColumnDefinition Column, int Index)> columns, bool withUnique) => string.Join(
        " and ",
        columns.Select(c => Checks.Holds(c.Column, c.Index, withUnique)).Where(h => h != "true")
            .Concat(Checks.All.Where(c => c is { Column: null, Otherwise: RuleOutcome.Reject } && c.Rule != SourceChecks.Malformed).Select(c => $"not ({c.Fails})"))
            .Prepend("_error is null"));

    /// <summary>Leaves in all views only the rows that a relation names by <c>_file</c> and <c>_row</c>. Before <see cref="Separate"/>.</summary>
    public void Narrow(DuckDbSession session, string relation)
    {
        rows = $"select * from ({rows}) semi join {relation} using (_file, _row)";
        session.Execute($"create or replace temp view source_rows as {rows}");
    }

    /// <summary>Evaluates what rejects rows, once: the session's table <c>refused</c> names them by <c>_file</c> and <c>_row</c>. The views still have all rows.</summary>
    /// <returns>How many they are.</returns>
    public long Separate(DuckDbSession session, CancellationToken cancellationToken)
    {
        session.Execute("create temp table refused as select _file, _row from checked where not _valid", cancellationToken);
        return session.Scalar<long>("select count(*) from refused", cancellationToken);
    }

    /// <summary>Leaves in all views only the rows that are valid, or only the others; no rule is evaluated for that again.</summary>
    public void Show(DuckDbSession session, bool valid) => session.Execute(
        $"create or replace temp view source_rows as select * from ({rows}) {(valid ? "anti" : "semi")} join refused using (_file, _row); create or replace temp view checked as select *, {(valid ? "true" : "false")} as _valid from marked");

    /// <summary>Valid rows as silver has them, with what the session's tables of scores say of them when it is read.</summary>
    /// <param name="hasLosers">Whether the session's table <c>losers</c> holds rows that a later row of the same key replaces.</param>
    public string Silver(bool hasLosers) => ScoreColumns.Beside(source, Valid(hasLosers));

    /// <summary>Valid rows as silver has them, without scores.</summary>
    /// <param name="hasLosers">Whether the session's table <c>losers</c> holds rows that a later row of the same key replaces.</param>
    public string Valid(bool hasLosers) =>
        $"select {string.Join(", ", source.Columns.Select(c => $"{Sql.Identifier(c.Name)}::{Stored(c.Type)} as {Sql.Identifier(c.Name)}"))}{PartitionColumns(source)}, _ingested_at, _file, _row, {Score} as {QualityColumn}, {TierOf(Score)} as {TierColumn}{(source.Evolution == SchemaEvolution.Discard ? $", {SourceChecks.Unexpected} as {RescuedColumn}" : "")} "
        + $"from checked{(hasLosers ? " anti join losers using (_file, _row)" : "")} where _valid";

    /// <summary>Rows that failed, with every reason.</summary>
    /// <param name="work">The run that rejects them.</param>
    public string Rejected(StepWork work)
    {
        var failures = Checks.All.Where(c => c.Otherwise == RuleOutcome.Reject && c.Rule != SourceChecks.Malformed).Select(c =>
            $"case when {c.Fails} then {{'rule': {Sql.Literal(c.Rule)}, 'column': {Sql.Literal(c.Column)}, 'value': left({c.Value}, 1000), 'reason': {Sql.Literal(c.Reason)}}} end")
            .Prepend("case when false then {'rule': '', 'column': '', 'value': '', 'reason': ''} end");
        return $$"""
            select {{BronzeColumns.Timestamp(work.TimeUtc)}} as rejected_at, {{Sql.Literal(work.RunId)}} as run_id, {{Sql.Literal(source.Name)}} as source, _file as file, _row as row,
                   case when _error is null then to_json(_record)::varchar else to_json(_raw)::varchar end as raw,
                   case when _error is not null then [{'rule': coalesce({{BronzeColumns.Rule}}, '{{SourceChecks.Malformed}}'), 'column': null::varchar, 'value': null::varchar, 'reason': _error}]
                        else list_filter([{{string.Join(", ", failures)}}], lambda f: f is not null) end as failures
            from checked where not _valid
            """;
    }

    /// <summary>The keys that more than one row has, then the valid rows that lose to the latest of their key.</summary>
    /// <remarks>Keys are counted before the checks: that reads the key's columns only, and as a rule finds nothing.</remarks>
    public (string Repeated, string Losers) Duplicates()
    {
        var key = KeyOf(source);
        var content = ContentOf(source);
        return (
            $"create temp table repeated as select {key} from typed group by all having count(*) > 1",
            $"""
            create temp table losers as select _file, _row, same from (
                select _file, _row, row_number() over latest as place, {content} = first_value({content}) over latest as same
                from checked semi join repeated using ({key}) where _valid
                window latest as ({LatestOf(source)})
            ) where place > 1
            """);
    }

    /// <summary>Rows with the types that they have in a table, so that new and present ones compare and hash alike.</summary>
    public static string AsStored(DuckDbSession session, string select) => $"select {DeltaTypes.Normalise(session.Describe(select))} from ({select})";

    /// <summary>The key's columns, for GROUP BY or USING.</summary>
    public static string KeyOf(SourceDefinition source) => string.Join(", ", source.Key.Select(Sql.Identifier));

    /// <summary>A number that rows of the same content share.</summary>
    public static string ContentOf(SourceDefinition source) => $"hash({string.Join(", ", source.Columns.Select(c => Sql.Identifier(c.Name)))})";

    /// <summary>The window in which the first row of each key is the one that silver keeps. No two rows are equal in it, so that it does not matter in which order rows meet.</summary>
    /// <remarks>Of files the last to arrive wins: it corrects the one before. Of events the first does: one that comes again is a repeat, and most files stay as they are.</remarks>
    public static string LatestOf(SourceDefinition source)
    {
        // As a table has the value: a type such as ENUM has an order of its own that is lost there.
        var latest = source.LatestBy is { } by ? $"cast({Sql.Identifier(by)} as {TableType(source, by)}) desc nulls last, " : "";
        var arrival = source.Stream is null ? "desc" : "asc";
        return $"partition by {KeyOf(source)} order by {latest}_ingested_at {arrival}, _file {arrival}, _row {arrival}";
    }

    /// <summary>The type that a column has in the table of silver.</summary>
    public static string TableType(SourceDefinition source, string column) =>
        DeltaTypes.ToDuckDb(DeltaTypes.FromDuckDb(column, Stored(source.Columns.First(c => c.Name == column).Type)));

    // 1 less the share, by weight, of the checks that the row fails; one that is not about the row does not fail. What rejects a row cannot fail in silver.
    private string Score
    {
        get
        {
            var lenient = Checks.All.Where(c => c.Otherwise != RuleOutcome.Reject).ToList();
            return lenient.Count == 0
                ? "1::double"
                : $"round(1 - ({string.Join(" + ", lenient.Select(c => string.Create(CultureInfo.InvariantCulture, $"case when {c.Fails} then {c.Weight} else 0 end")))})::double / {Checks.All.Sum(c => c.Weight).ToString(CultureInfo.InvariantCulture)}, 6)";
        }
    }

    /// <summary>SQL that is true for a valid row of the tier gold.</summary>
    public string IsGold => string.Create(CultureInfo.InvariantCulture, $"{Score} >= {source.Quality.GoldRow}");

    private string TierOf(string score) => string.Create(CultureInfo.InvariantCulture, $"case when {score} >= {source.Quality.GoldRow} then 'gold' else 'silver' end");

    private static string PartitionColumns(SourceDefinition source) =>
        source.Partition is { } partition ? string.Concat(partition.As.Select(part => $", {part}({Sql.Identifier(partition.By)})::integer as {part}")) : "";

    /// <summary>The type that values of a column are kept as. TIMESTAMP has no counterpart in a table: times are UTC.</summary>
    public static string Stored(string type) => type.Equals("timestamp", StringComparison.OrdinalIgnoreCase) || type.Equals("datetime", StringComparison.OrdinalIgnoreCase) ? "timestamptz" : type;

    private static string TypeOf(DuckDbSession session, string column) => session.Describe($"select {column} from raw_values")[0].Type;

    /// <summary>Whether a type is a whole number.</summary>
    public static bool IsInteger(string type) => Integers.Contains(type.ToUpperInvariant()) || type.ToUpperInvariant() is "INT" or "LONG" or "SHORT" or "INT8" or "INT4" or "INT2" or "INT64" or "INT32";

    /// <summary>Whether a type is text.</summary>
    public static bool IsText(string type) => type.StartsWith("varchar", StringComparison.OrdinalIgnoreCase) || type.ToUpperInvariant() is "TEXT" or "STRING";

    private string ValueOf(ColumnDefinition column)
    {
        var raw = column.Expr is { } expression ? $"({expression})" : RawColumn(column.From ?? column.Name);
        return column.Default is { } value ? $"coalesce(nullif(({raw})::varchar, ''), {Sql.Literal(value)})" : raw;
    }

    private string RawColumn(string from)
    {
        var name = ColumnNames.ForTable(from);
        var column = bronze.FirstOrDefault(c => c.Name == name) ?? bronze.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));
        return column is null ? "null::varchar" : Sql.Identifier(column.Name);
    }

    /// <summary>A raw value as the column's type; null where it is none.</summary>
    public static string TypedOf(ColumnDefinition column, string value, string rawType)
    {
        var type = Stored(column.Type);
        if (column.Format is { } format)
        {
            return $"try_cast(try_strptime(trim({value}::varchar), {Sql.Literal(format)}) as {type})";
        }

        if (rawType != "VARCHAR")
        {
            return IsInteger(type) && (rawType is "DOUBLE" or "FLOAT" || rawType.StartsWith("DECIMAL", StringComparison.Ordinal))
                ? $"case when {value} = trunc({value}) then try_cast({value} as {type}) end"
                : $"try_cast({value} as {type})";
        }

        if (IsText(type))
        {
            return value;
        }

        // DuckDB would also read 0x1F, 1_000 and 1.5 as integers. What reads the same both ways needs no closer look.
        return IsInteger(type)
            ? $"case when try_cast({value} as {type})::varchar = {value} or regexp_full_match(trim({value}), '[-+]?[0-9]+(\\.0*)?') then try_cast({value} as {type}) end"
            : $"try_cast({value} as {type})";
    }
}
