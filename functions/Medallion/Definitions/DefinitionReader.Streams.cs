using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Medallion.Schemas.Sources;

namespace Pipeline.Medallion.Definitions;

/// <content>Sources that are streams of events.</content>
internal sealed partial class DefinitionReader
{
    private const string EveryBatch = "every batch";
    private static readonly TimeSpan LongestLand = TimeSpan.FromMinutes(5);

    private static StreamDefinition? ReadStream(YamlMap map, string name, string connector, int columns)
    {
        if (connector != PipelineKeys.EventHub)
        {
            foreach (var key in PipelineKeys.Stream.Where(map.Has))
            {
                map.ProblemAt(key, $"source '{name}' has '{key}', which is for the connector {PipelineKeys.EventHub}");
            }

            return null;
        }

        foreach (var key in PipelineKeys.Files.Where(map.Has))
        {
            map.ProblemAt(key, $"source '{name}' has '{key}', which is for files: the events of a hub are JSON objects, each taken once");
        }

        if (map.Has("deleted"))
        {
            map.ProblemAt("deleted", $"source '{name}' has 'deleted', which a stream cannot have: of the events of a key the first stays, or the latest by 'latest_by'");
        }

        if (columns == 0)
        {
            map.ProblemAt("connector", $"source '{name}' has no contract: a stream needs 'columns' or 'schema', since nobody looks at its first events before the next ones are there");
        }

        if (map.OptionalChoice<SchemaEvolution>("evolution") == SchemaEvolution.Evolve)
        {
            map.ProblemAt("evolution", $"source '{name}' has the evolution 'evolve': a stream has freeze or discard; without either, fields that the contract does not know stay in bronze");
        }

        return new StreamDefinition { Hub = map.Text("hub"), Land = ReadLand(map) };
    }

    private static TimeSpan ReadLand(YamlMap map)
    {
        switch (map.Text("land"))
        {
            case null:
                return StreamDefinition.DefaultLand;
            case EveryBatch:
                return TimeSpan.Zero;
            case var text when LandText().Match(text) is { Success: true } match:
                var land = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * (match.Groups[2].Value == "s" ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1));
                if (land > TimeSpan.Zero && land <= LongestLand)
                {
                    return land;
                }

                break;
        }

        map.ProblemAt("land", $"'land' is '{map.Text("land")}': expected every batch, or every 1s to every {LongestLand.TotalMinutes:0}m, such as every 10s");
        return StreamDefinition.DefaultLand;
    }

    [GeneratedRegex("^every ([0-9]{1,3}) ?(s|m)$")]
    private static partial Regex LandText();
}
