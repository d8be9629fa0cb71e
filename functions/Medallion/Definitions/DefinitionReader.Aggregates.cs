using System.Globalization;
using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Definitions;

/// <content>Live aggregates.</content>
internal sealed partial class DefinitionReader
{
    private const int MostWindowsPerEvent = 60;
    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(1);
    private static readonly string[] Numbers = ["TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "REAL", "DOUBLE"];

    private IEnumerable<AggregateDefinition> ReadAggregates(YamlMap root, IReadOnlyList<SourceDefinition> sources, IReadOnlyList<ModelDefinition> models)
    {
        foreach (var (name, map) in root.Maps("aggregates", "aggregate"))
        {
            CheckName(name, "aggregate", map.Line);
            map.AllowOnly(PipelineKeys.Aggregate);
            if (models.FirstOrDefault(m => m.Table == new TableKey("gold", name)) is { } clash)
            {
                map.ProblemAt("from", $"the aggregate '{name}' has the table gold.{name}, which is a model too ({clash.Line}): rename one");
            }

            var (size, every) = ReadWindow(map, name);
            var aggregate = new AggregateDefinition
            {
                Name = name,
                From = map.RequiredText("from"),
                Time = map.RequiredText("time"),
                Size = size,
                Every = every,
                Lateness = map.Has("lateness") ? ReadSpan(map, "lateness", map.Text("lateness") ?? "") ?? TimeSpan.Zero : TimeSpan.Zero,
                By = map.Texts("by"),
                Values = [.. ReadValues(map, name)],
                Mode = map.Choice("mode", LiveMode.Batch),
                Description = map.Text("description"),
                Line = map.Line,
            };
            CheckColumns(aggregate, map, sources);
            yield return aggregate;
        }
    }

    private static (TimeSpan Size, TimeSpan Every) ReadWindow(YamlMap map, string name)
    {
        var parts = map.RequiredText("window").Split(" every ");
        var size = ReadSpan(map, "window", parts[0]) ?? TimeSpan.FromMinutes(1);
        var every = parts.Length == 2 ? ReadSpan(map, "window", parts[1]) ?? size : size;
        if (parts.Length > 2 || every <= TimeSpan.Zero || every > size || size.Ticks % every.Ticks != 0 || size / every > MostWindowsPerEvent)
        {
            map.ProblemAt("window", $"the window of aggregate '{name}' is '{map.Text("window")}': expected a length such as 1m, or windows that overlap such as '1m every 10s', whose length is a multiple, at most {MostWindowsPerEvent} times, of that");
            return (size, size);
        }

        return (size, every);
    }

    private static IEnumerable<AggregateValue> ReadValues(YamlMap map, string name)
    {
        if (map.Map("values", $"'values' of aggregate '{name}'") is not { } values || !values.Keys.Any())
        {
            map.ProblemAt("values", $"aggregate '{name}' has no values: expected names with functions, such as revenue: sum(amount)");
            yield break;
        }

        foreach (var value in values.Keys)
        {
            if (!TableKey.IsName(value))
            {
                values.ProblemAt(value, $"'{value}' cannot name a value: expected lower-case letters, digits and '_', not starting with a digit");
            }
            else if (ValueText().Match(values.Text(value) ?? "") is { Success: true } match && Enum.TryParse<AggregateFunction>(match.Groups[1].ValueSpan, ignoreCase: true, out var function)
                && (match.Groups[2].Value != "*" || function == AggregateFunction.Count))
            {
                yield return new AggregateValue(value, function, match.Groups[2].Value is "*" ? null : match.Groups[2].Value);
            }
            else
            {
                values.ProblemAt(value, $"the value '{value}' of aggregate '{name}' is '{values.Text(value)}': expected count(*), or count, sum, avg, min or max of a column, such as sum(amount)");
            }
        }
    }

    private static void CheckColumns(AggregateDefinition aggregate, YamlMap map, IReadOnlyList<SourceDefinition> sources)
    {
        if (sources.FirstOrDefault(s => s.Name == aggregate.From) is not { Stream: not null } source)
        {
            var streams = sources.Where(s => s.Stream is not null).Select(s => s.Name).ToList();
            map.ProblemAt("from", $"aggregate '{aggregate.Name}' is of '{aggregate.From}', which is no stream of this pipeline: expected {(streams.Count == 0 ? $"a source with the connector {PipelineKeys.EventHub}, of which there is none" : string.Join(" or ", streams))}");
            return;
        }

        foreach (var (key, column) in aggregate.By.Select(b => ("by", b)).Append(("time", aggregate.Time)).Concat(aggregate.Values.Where(v => v.Column is not null).Select(v => ("values", v.Column ?? ""))))
        {
            var declared = source.Columns.FirstOrDefault(c => c.Name == column);
            if (declared is null)
            {
                map.ProblemAt(key, $"'{key}' of aggregate '{aggregate.Name}' names '{column}', which is not a column of {source.Name}: {string.Join(", ", source.Columns.Select(c => c.Name))}");
            }
            else if (key == "time" && !IsTime(declared.Type))
            {
                map.ProblemAt(key, $"'time' of aggregate '{aggregate.Name}' names '{column}', which is a {declared.Type}: expected a timestamp");
            }
            else if (key == "values" && !IsNumber(declared.Type) && aggregate.Values.Any(v => v.Column == column && v.Function != AggregateFunction.Count))
            {
                map.ProblemAt(key, $"'values' of aggregate '{aggregate.Name}' computes with '{column}', which is a {declared.Type}: expected a number");
            }
        }
    }

    private static bool IsTime(string type) => type.StartsWith("timestamp", StringComparison.OrdinalIgnoreCase) || type.Equals("datetime", StringComparison.OrdinalIgnoreCase);

    private static bool IsNumber(string type) => Numbers.Contains(type.ToUpperInvariant()) || type.StartsWith("decimal", StringComparison.OrdinalIgnoreCase) || type.StartsWith("numeric", StringComparison.OrdinalIgnoreCase);

    private static TimeSpan? ReadSpan(YamlMap map, string key, string text)
    {
        if (SpanText().Match(text) is { Success: true } match)
        {
            var number = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            var span = match.Groups[2].Value switch { "s" => TimeSpan.FromSeconds(number), "m" => TimeSpan.FromMinutes(number), "h" => TimeSpan.FromHours(number), _ => TimeSpan.FromDays(number) };
            if (span <= LongestWindow)
            {
                return span;
            }
        }

        map.ProblemAt(key, $"'{text}' is no length of time for '{key}': expected seconds, minutes, hours or a day, such as 30s, 5m, 1h or 1d");
        return null;
    }

    [GeneratedRegex(@"^([a-z]{3,5})\((\*|[a-z_][a-z0-9_]*)\)$")]
    private static partial Regex ValueText();

    [GeneratedRegex("^([0-9]{1,5}) ?(s|m|h|d)$")]
    private static partial Regex SpanText();
}
