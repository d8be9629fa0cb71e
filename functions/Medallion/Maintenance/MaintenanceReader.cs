using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Maintenance;

/// <summary>Reads the key <c>maintenance</c> of pipeline.yaml.</summary>
internal static partial class MaintenanceReader
{
    private const long SmallestTarget = 1_000_000;
    private const long LargestTarget = 1L << 30;
    private const int LongestDays = 36_500;
    private const string RetentionKey = "retention";
    private const string TargetKey = "target_size";

    /// <summary>What the key says; what cannot be is noted with its line.</summary>
    public static MaintenanceDefinition Read(YamlMap root, IReadOnlyList<SourceDefinition> sources, IReadOnlyList<ModelDefinition> models)
    {
        var defaults = new MaintenanceDefinition();
        if (root.Map("maintenance", "'maintenance'") is not { } map)
        {
            return defaults;
        }

        map.AllowOnly(PipelineKeys.Maintenance);
        return new MaintenanceDefinition
        {
            Optimize = map.Text("optimize") is null || map.Flag("optimize"),
            TargetSizeBytes = ReadSize(map) ?? defaults.TargetSizeBytes,
            Retention = map.Map(RetentionKey, $"'{RetentionKey}'") is { } retention ? [.. ReadRetention(retention, sources, models)] : [],
        };
    }

    private static IEnumerable<RetentionDefinition> ReadRetention(YamlMap map, IReadOnlyList<SourceDefinition> sources, IReadOnlyList<ModelDefinition> models)
    {
        foreach (var name in map.Keys)
        {
            var text = map.RequiredText(name);
            var problem = !TableKey.TryParse(name, out var table) ? $"'{name}' is not a table: expected layer.name, such as silver.orders" : WhyNot(table, sources, models);
            if (problem is null && Age().Match(text) is { Success: true } age && int.TryParse(age.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var days) && days is > 0 and <= LongestDays)
            {
                yield return new RetentionDefinition { Table = table, Age = TimeSpan.FromDays(days), Line = map.LineOf(name) };
            }
            else if (problem is not null || text.Length > 0)
            {
                map.ProblemAt(name, problem ?? $"the retention of '{name}' is '{text}': expected days, from 1d to {LongestDays}d, such as 400d");
            }
        }
    }

    // A table whose rows would come back, or would be missed by the tables made of it, must not forget.
    private static string? WhyNot(TableKey table, IReadOnlyList<SourceDefinition> sources, IReadOnlyList<ModelDefinition> models)
    {
        var source = table.Layer is "gold" ? null : sources.FirstOrDefault(s => s.Name == table.Name);
        if (source is null && models.All(m => m.Table != table))
        {
            return $"the retention names '{table}', which the pipeline does not make";
        }

        return table.Layer switch
        {
            "bronze" => $"'{table}' cannot have a retention: silver is rebuilt from bronze, and rows that went from there would go from silver too. Set it on silver.{table.Name}",
            "silver" when source is { Partition: { } partition } => DatePartitions.IsOrdered(partition.As)
                ? null
                : $"'{table}' cannot have a retention: it is partitioned by [{string.Join(", ", partition.As)}], whose age cannot be told; expected [year], [year, month] or [year, month, day]",
            "silver" when source is not null => $"'{table}' cannot have a retention: it is not partitioned, and whole partitions are what goes. Give source '{table.Name}' a partition such as {{by: a_date, as: [year, month]}}",
            _ => $"'{table}' cannot have a retention: it is not partitioned by date, and whole partitions are what goes. Tables of sources can be: silver.NAME",
        };
    }

    private static long? ReadSize(YamlMap map)
    {
        if (map.Text(TargetKey) is not { } text)
        {
            return null;
        }

        if (Size().Match(text) is { Success: true } size && long.TryParse(size.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var number) && number <= LargestTarget)
        {
            var bytes = number * (size.Groups[2].Value.ToUpperInvariant() switch { "MB" => 1_000_000L, "MIB" => 1L << 20, "GB" => 1_000_000_000L, _ => 1L << 30 });
            if (bytes is >= SmallestTarget and <= LargestTarget)
            {
                return bytes;
            }
        }

        map.ProblemAt(TargetKey, $"'{TargetKey}' is '{text}': expected a size from 1MB to 1GiB, such as 256MB");
        return null;
    }

    [GeneratedRegex("^([0-9]{1,6}) ?d$")]
    private static partial Regex Age();

    [GeneratedRegex("^([0-9]{1,10}) ?(MB|MiB|GB|GiB)$", RegexOptions.IgnoreCase)]
    private static partial Regex Size();
}
