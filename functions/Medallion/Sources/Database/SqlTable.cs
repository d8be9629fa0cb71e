using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>What a source takes, as SQL of its database.</summary>
internal sealed class SqlTable
{
    private readonly ISqlDialect dialect;
    private readonly string from;
    private readonly SqlColumn? cursor;
    private readonly SqlColumn? split;

    private SqlTable(ISqlDialect dialect, string from, IReadOnlyList<SqlColumn> columns, SqlColumn? cursor, SqlColumn? split) =>
        (this.dialect, this.from, Columns, this.cursor, this.split) = (dialect, from, columns, cursor, split);

    /// <summary>Its columns.</summary>
    public IReadOnlyList<SqlColumn> Columns { get; }

    /// <summary>The column that grows; null: there is none.</summary>
    public SqlColumn? Cursor => cursor;

    /// <summary>Looks at the table or query.</summary>
    /// <exception cref="TerminalException">A column that the definition names is not there, or not of a type that serves.</exception>
    public static async Task<SqlTable> ReadAsync(DatabaseSnapshot database, SourceDefinition source, SqlDefinition sql, CancellationToken cancellationToken)
    {
        var dialect = database.Dialect;
        var from = sql.Query is { } query ? $"(\n{query}\n) source_rows" : $"{string.Join('.', (sql.Table ?? "").Split('.').Select(dialect.Identifier))} source_rows";
        var columns = await database.DescribeAsync($"select * from {from} where 1 = 0", cancellationToken);
        var cursor = Find("cursor", sql.Cursor);
        var split = Find("split_by", sql.SplitBy);
        if (sql.Lookback > TimeSpan.Zero && cursor is { IsTime: false })
        {
            throw new TerminalException($"'lookback' of source '{source.Name}' needs a cursor that is a date or a time, but '{cursor.Source}' is a {cursor.SourceType} ({source.Line}).");
        }

        if (split is { IsRanged: false })
        {
            throw new TerminalException($"'split_by' of source '{source.Name}' names '{split.Source}', which is a {split.SourceType}: expected a number, a date or a time ({source.Line}).");
        }

        return new SqlTable(dialect, from, columns, cursor, split);

        SqlColumn? Find(string key, string? name) => name is null ? null
            : columns.FirstOrDefault(c => string.Equals(c.Source, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new TerminalException($"'{key}' of source '{source.Name}' names '{name}', which is not a column of {sql.Name}: {string.Join(", ", columns.Select(c => c.Source))} ({source.Line}).");
    }

    /// <summary>The window of changes after a value of the cursor; all up to now where there is none yet.</summary>
    public async Task<SqlWindow> WindowAsync(DatabaseSnapshot database, string? last, TimeSpan lookback, CancellationToken cancellationToken)
    {
        var column = cursor ?? throw new InvalidOperationException("The source has no cursor.");
        var name = dialect.Identifier(column.Source);
        var lower = last is null ? null : lookback == TimeSpan.Zero ? dialect.Literal(column, last) : dialect.Before(column, dialect.Literal(column, last), lookback);
        var bounds = await database.RowAsync(
            $"select {dialect.TextOf(column, $"max({name})")}, {(lower is null ? "null" : dialect.TextOf(column, lower))} from {from} where not {dialect.HasNoPlace(column, name)}{(lower is null ? "" : $" and {name} >= {lower}")}",
            cancellationToken);
        var window = new SqlWindow(bounds[1], bounds[0], bounds[0] ?? last);
        if (split is null)
        {
            return window;
        }

        var key = dialect.Identifier(split.Source);
        var ranges = await database.RowAsync(
            $"select {dialect.TextOf(Count, "count(*)")}, {dialect.TextOf(split, $"min({key})")}, {dialect.TextOf(split, $"max({key})")} from {from} where {Within(window)} and not {dialect.HasNoPlace(split, key)}", cancellationToken);
        return window with { Rows = long.Parse(ranges[0] ?? "0", CultureInfo.InvariantCulture), SplitLow = ranges[1], SplitHigh = ranges[2] };
    }

    /// <summary>The places at which a window is cut.</summary>
    public IReadOnlyList<string> Cuts(SqlWindow window, int parts) =>
        split is not null && window is { SplitLow: { } low, SplitHigh: { } high } ? SplitRanges.Cut(low, high, parts, split.IsTime) : [];

    /// <summary>The rows of a part, as they travel.</summary>
    public string Select(SqlPart part)
    {
        var values = Columns.Select(c => $"{SqlColumn.Format(c.Select, dialect.Identifier(c.Source))} as {dialect.Identifier(c.Source)}");
        var conditions = new[] { part.Window is { } window ? Within(window) : null, Between(part) }.OfType<string>().ToList();
        return $"select {string.Join(", ", values)} from {from}{(conditions.Count == 0 ? "" : $" where {string.Join(" and ", conditions)}")}";
    }

    // Rows whose cursor has no place among the others are read every time; those that are there already are known.
    private string Within(SqlWindow window)
    {
        var column = cursor ?? throw new InvalidOperationException("The source has no cursor.");
        var name = dialect.Identifier(column.Source);
        var placed = window.Upper is null ? null : $"{name} <= {dialect.Literal(column, window.Upper)}{(window.Lower is null ? "" : $" and {name} >= {dialect.Literal(column, window.Lower)}")}";
        return placed is null ? dialect.HasNoPlace(column, name) : $"(({placed}) or {dialect.HasNoPlace(column, name)})";
    }

    private string? Between(SqlPart part)
    {
        if (split is null || (part.From is null && part.To is null))
        {
            return null;
        }

        var name = dialect.Identifier(split.Source);
        var inside = string.Join(" and ", new[] { part.From is { } low ? $"{name} >= {dialect.Literal(split, low)}" : null, part.To is { } high ? $"{name} < {dialect.Literal(split, high)}" : null }.OfType<string>());
        return part.From is null ? $"({inside} or {dialect.HasNoPlace(split, name)})" : $"({inside} and not {dialect.HasNoPlace(split, name)})";
    }

    private static SqlColumn Count { get; } = new() { Source = "count", SourceType = "bigint" };
}

/// <summary>The rows that a load takes, by the cursor.</summary>
/// <param name="Lower">The least value, which may have been taken before; null: from the beginning.</param>
/// <param name="Upper">The greatest value that there is as the load begins; null: none.</param>
/// <param name="Next">The value from which the next load goes on.</param>
internal sealed record SqlWindow(string? Lower, string? Upper, string? Next)
{
    /// <summary>How many rows there are, where that was counted.</summary>
    public long? Rows { get; init; }

    /// <summary>The least value of the column by which it is cut.</summary>
    public string? SplitLow { get; init; }

    /// <summary>The greatest.</summary>
    public string? SplitHigh { get; init; }
}

/// <summary>A part of a load.</summary>
internal sealed record SqlPart
{
    /// <summary>The window; null: all rows.</summary>
    public SqlWindow? Window { get; init; }

    /// <summary>The least value of the column by which it is cut; null: none is less.</summary>
    public string? From { get; init; }

    /// <summary>The value that is no longer in it; null: none is greater.</summary>
    public string? To { get; init; }

    /// <summary>What the last full load found; null: there was none that counts.</summary>
    public string? Known { get; init; }
}
