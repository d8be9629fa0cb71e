using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.LakeTesting;

/// <summary>Holds the live Parquet files beside what the log promises of them.</summary>
public static class SpecFileCheck
{
    /// <summary>What is wrong with the files: one that is gone or of another size, that DuckDB cannot read whole, that lacks a required column or has one of another
    /// type, or whose rows, nulls and values are not as its statistics say.</summary>
    public static IReadOnlyList<string> Problems(SpecTable table, DuckDbSession session)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(session);
        return [.. table.Files.SelectMany(file => Problems(table, file, session).Select(problem => $"{file.Path}: {problem}"))];
    }

    private static IEnumerable<string> Problems(SpecTable table, SpecFile file, DuckDbSession session)
    {
        var local = new FileInfo(Path.Combine(table.Folder, file.LakePath));
        if (!local.Exists || local.Length != file.Size)
        {
            return [local.Exists ? $"has {local.Length} bytes, the log says {file.Size}" : "is not there"];
        }

        var scan = $"read_parquet({SpecTable.Text(local.FullName)}, hive_partitioning = false)";
        var found = session.Describe($"SELECT * FROM {scan}");
        var problems = new List<string>();
        foreach (var column in table.Columns.Where(column => !table.PartitionColumns.Contains(column.Name)))
        {
            var type = found.FirstOrDefault(candidate => candidate.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))?.Type;
            if (type is null ? !column.Nullable : type.Replace("\"", "", StringComparison.Ordinal) != column.DuckDbType.Replace("\"", "", StringComparison.Ordinal))
            {
                problems.Add($"has the column {column.Name} as {type ?? "nothing"}, the log says {column.DuckDbType}");
            }
        }

        problems.AddRange(found.Where(column => !table.Columns.Any(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase) && !table.PartitionColumns.Contains(known.Name)))
            .Select(column => $"has the column {column.Name}, which the log's schema has not"));
        return problems.Concat(file.Stats is null ? [] : Statistics(table, file.Stats, scan, session));
    }

    private static IEnumerable<string> Statistics(SpecTable table, string text, string scan, DuckDbSession session)
    {
        using var stats = JsonDocument.Parse(text);
        var checks = new List<(string Promise, string Sql)>();
        if (stats.RootElement.TryGetProperty("numRecords", out var rows))
        {
            checks.Add(($"{rows} rows", $"count(*) = {rows}"));
        }

        foreach (var column in table.Columns)
        {
            var name = SpecTable.Name(column.Name);
            if (Of("nullCount", column) is { } nulls)
            {
                checks.Add(($"{nulls} nulls in {column.Name}", $"count(*) - count({name}) = {nulls}"));
            }

            if (Of("minValues", column) is { } least)
            {
                checks.Add(($"{column.Name} from {least} on", $"coalesce(bool_and({name} >= {Value(least, column)}), true)"));
            }

            // "Timestamp columns are truncated down to milliseconds."
            if (Of("maxValues", column) is { } most)
            {
                var bound = column.DuckDbType.StartsWith("TIMESTAMP", StringComparison.Ordinal) ? $"< {Value(most, column)} + INTERVAL 1 MILLISECOND" : $"<= {Value(most, column)}";
                checks.Add(($"{column.Name} up to {most}", $"coalesce(bool_and({name} {bound}), true)"));
            }
        }

        // The whole file is read, so that a damaged page shows.
        using var answer = session.Query($"SELECT {string.Join(", ", checks.Select(check => check.Sql).Append("bit_xor(hash(f))"))} FROM {scan} AS f");
        answer.Read();
        return [.. checks.Where((_, index) => answer[index] is not true).Select((check, _) => $"does not keep what its statistics promise: {check.Promise}")];

        string? Of(string kind, SpecColumn column) =>
            stats.RootElement.TryGetProperty(kind, out var values) && values.TryGetProperty(column.Name, out var value) && value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)
                ? value.ToString()
                : null;
    }

    private static string Value(string text, SpecColumn column) => string.Create(CultureInfo.InvariantCulture, $"CAST({SpecTable.Text(text)} AS {column.DuckDbType})");
}
