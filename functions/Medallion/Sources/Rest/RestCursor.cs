using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>What a cursor's values are, and so how they are ordered.</summary>
internal enum CursorKind
{
    /// <summary>Texts, by their bytes.</summary>
    Text,

    /// <summary>Numbers.</summary>
    Number,

    /// <summary>Dates, and times in ISO 8601; without a zone in UTC.</summary>
    Time,
}

/// <summary>The cursor's greatest value among records, and what a request says of it.</summary>
/// <param name="session">Compares.</param>
/// <param name="source">The source.</param>
/// <param name="rest">What names the cursor.</param>
internal sealed partial class RestCursor(DuckDbSession session, SourceDefinition source, RestDefinition rest)
{
    private const string Number = "try_cast(c as decimal(38, 9))";
    private const string Time = """case when regexp_matches(c, '^[0-9]{4}-[0-9]{2}-[0-9]{2}') then try_cast(c as timestamptz) end""";

    /// <summary>Begins with what an earlier load came to.</summary>
    public void Begin(string? last, CancellationToken cancellationToken) => session.Execute(
        $"create or replace temp table cursors (c varchar, numbers bigint, times bigint, texts bigint){(last is null ? "" : $"; insert into cursors values ({Sql.Literal(last)}, 0, 0, 0)")}", cancellationToken);

    /// <summary>Looks at records: the table <c>taken</c>.</summary>
    public void Look(CancellationToken cancellationToken)
    {
        var value = $"json_extract_string(line, {Sql.Literal($"/{string.Join('/', (rest.Cursor ?? "").Split('.').Select(p => p.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)))}")})";
        session.Execute(
            $"""
            insert into cursors with v as (select c, {Number} as n, {Time} as t from (select {value} as c from taken where error is null) where c is not null)
            select unnest(list_distinct([arg_max(c, n), arg_max(c, t), max(c)])), count(n), count(t), count(*) from v having count(*) > 0
            """,
            cancellationToken);
    }

    /// <summary>The greatest value, and what kind it is; null: no record has one.</summary>
    /// <param name="known">The kind that an earlier load found.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public (string? Value, CursorKind? Kind) Greatest(CursorKind? known, CancellationToken cancellationToken)
    {
        var seen = session.Query("select coalesce(sum(numbers), 0)::bigint, coalesce(sum(times), 0)::bigint, coalesce(sum(texts), 0)::bigint from cursors", cancellationToken).Rows().Select(r => r.Select(v => (long)(v ?? 0L)).ToList()).Single();
        var kind = known ?? (seen[2] == 0 ? null : 2 * seen[1] > seen[2] ? CursorKind.Time : 2 * seen[0] > seen[2] ? CursorKind.Number : CursorKind.Text);
        var order = kind switch { CursorKind.Number => Number, CursorKind.Time => Time, _ => "c" };
        return (session.Scalar<string?>($"select arg_max(c, {order}) from cursors", cancellationToken), kind);
    }

    /// <summary>What a request says for records from a value on; null: it asks for all.</summary>
    /// <exception cref="TerminalException">The value is of a kind that the definition does not fit.</exception>
    public static string? Since(SourceDefinition source, RestDefinition rest, string? last, CursorKind? kind)
    {
        if (last is null || rest.Since is null || (kind != CursorKind.Time && rest is { SinceFormat: null, Lookback.Ticks: 0 }))
        {
            return rest.Since is null ? null : last;
        }

        switch (kind)
        {
            case CursorKind.Time when rest is { SinceFormat: null, Lookback.Ticks: 0 }:
                return last;
            case CursorKind.Time when DateTimeOffset.TryParse(LongFraction().Replace(last, "$1"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var found) && found.UtcTicks > rest.Lookback.Ticks:
                var time = found - rest.Lookback;
                return (rest.SinceFormat ?? (last.Length == 10 ? SinceFormat.Date : SinceFormat.Iso)) switch
                {
                    SinceFormat.Date => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    SinceFormat.Seconds => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                    SinceFormat.Milliseconds => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
                    _ => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
                };
            case CursorKind.Number when rest.SinceFormat is SinceFormat.Seconds or SinceFormat.Milliseconds && decimal.TryParse(last, NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                var back = rest.SinceFormat == SinceFormat.Seconds ? rest.Lookback.TotalSeconds : rest.Lookback.TotalMilliseconds;
                return (decimal.Floor(number) - (decimal)back).ToString("0", CultureInfo.InvariantCulture);
            default:
                throw new TerminalException($"'{(rest.SinceFormat is null ? "lookback" : "since_format")}' of source '{source.Name}' needs a cursor that is a time, but '{rest.Cursor}' has values such as '{last}': expected ISO 8601, or seconds or milliseconds since 1970 with 'since_format: seconds' or 'milliseconds' ({source.Line}).");
        }
    }

    /// <summary>The refusal of a cursor that no record has.</summary>
    public TerminalException Missing() =>
        new($"'cursor' of source '{source.Name}' names '{rest.Cursor}', which no record of {rest.Name} has: without it nobody knows how far the list is taken ({source.Line}).");

    // .NET keeps seven digits of a second.
    [GeneratedRegex(@"(\.[0-9]{7})[0-9]+")]
    private static partial Regex LongFraction();
}
