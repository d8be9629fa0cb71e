using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Silver;

/// <summary>Finds the files of silver that may hold a key, by their least and greatest values. A file without statistics may hold any.</summary>
internal static class KeyRanges
{
    private const int RangesPerColumn = 256;

    /// <summary>Lists the ranges in which the keys of a relation lie, per column of the key, as the session's tables <c>key_range_0</c> and so on.</summary>
    public static void Define(DuckDbSession session, SourceDefinition source, string relation, CancellationToken cancellationToken)
    {
        foreach (var (column, index) in source.Key.Select((c, i) => (Sql.Identifier(c), i)))
        {
            session.Execute(
                $"create or replace temp table {Name(index)} as select min(k) as low, max(k) as high from (select k, ntile({RangesPerColumn}) over (order by k) as n from (select distinct {column} as k from {relation})) group by n",
                cancellationToken);
        }
    }

    /// <summary>The files of a snapshot that may hold a key within those ranges.</summary>
    public static IReadOnlyList<AddFile> Among(DuckDbSession session, SourceDefinition source, IReadOnlyList<AddFile> files, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
        {
            return [];
        }

        var list = Path.Combine(session.TempDirectory, "key-statistics.ndjson");
        File.WriteAllLines(list, files.Select((file, number) => Line(number, file, source)));
        var columns = source.Key.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $", 'low{i}': 'VARCHAR', 'high{i}': 'VARCHAR'"));
        session.Execute(
            $"create or replace temp table key_statistics as select * from read_json({Sql.Literal(list)}, format='newline_delimited', columns={{'number': 'BIGINT'{string.Concat(columns)}}})",
            cancellationToken);
        var overlaps = source.Key.Select((column, i) =>
        {
            var type = CleanSql.TableType(source, column);

            // The log has times to the millisecond, cut off.
            var (low, high) = ($"try_cast(low{Text(i)} as {type})", $"try_cast(high{Text(i)} as {type}){(type == "TIMESTAMP WITH TIME ZONE" ? " + interval 1 millisecond" : "")}");
            return $"select distinct number from key_statistics join {Name(i)} r on ({low} <= r.high) is not false and ({high} >= r.low) is not false";
        });
        return [.. session.Query($"{string.Join(" intersect ", overlaps)} order by number", cancellationToken).Rows().Select(r => files[(int)(long)(r[0] ?? 0L)])];
    }

    private static string Line(int number, AddFile file, SourceDefinition source)
    {
        using var statistics = JsonDocument.Parse(file.Statistics?.Json ?? "{}");
        var line = new Dictionary<string, object?> { ["number"] = number };
        foreach (var (column, index) in source.Key.Select((c, i) => (c, i)))
        {
            line[$"low{Text(index)}"] = Value(statistics.RootElement, "minValues", column);
            line[$"high{Text(index)}"] = Value(statistics.RootElement, "maxValues", column);
        }

        return Json.Write(line);
    }

    private static string? Value(JsonElement statistics, string bound, string column) =>
        statistics.TryGetProperty(bound, out var values) && values.ValueKind == JsonValueKind.Object && values.TryGetProperty(column, out var value) && value.ValueKind != JsonValueKind.Null
            ? value.ToString()
            : null;

    private static string Name(int index) => $"key_range_{Text(index)}";

    private static string Text(int index) => index.ToString(CultureInfo.InvariantCulture);
}
