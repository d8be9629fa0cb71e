using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Puts together what partitions contribute.</summary>
internal static class LiveGroups
{
    /// <summary>The groups of a window.</summary>
    public static IEnumerable<(string Group, IReadOnlyList<Tally> Tallies)> Merge(IEnumerable<LiveRow> rows) => rows
        .GroupBy(r => r.Group, StringComparer.Ordinal)
        .OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => (g.Key, (IReadOnlyList<Tally>)[.. g.Select(r => r.Tallies).Aggregate((one, other) => [.. one.Zip(other, (a, b) => a.With(b))])]));

    /// <summary>A window for people.</summary>
    public static LiveWindow Window(AggregateDefinition aggregate, long startMs, IEnumerable<LiveRow> rows, long closedThrough)
    {
        var start = DateTimeOffset.FromUnixTimeMilliseconds(startMs);
        var end = start + aggregate.Size;
        return new LiveWindow(start, end, end.ToUnixTimeMilliseconds() <= closedThrough, [.. Merge(rows).Select(g => Group(aggregate, g.Group, g.Tallies))]);
    }

    private static LiveGroup Group(AggregateDefinition aggregate, string group, IReadOnlyList<Tally> tallies)
    {
        var key = JsonNode.Parse(group)?.AsArray() ?? [];
        return new LiveGroup(
            new JsonObject(aggregate.By.Select((by, i) => KeyValuePair.Create(by, key[i]?.DeepClone()))),
            new JsonObject(aggregate.Values.Zip(tallies, (value, tally) => KeyValuePair.Create(value.Name, Number(tally.Value(value.Function))))));
    }

    private static JsonNode? Number(string? text) => text is null ? null
        : decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var exact) ? JsonValue.Create(exact)
        : JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture));
}
