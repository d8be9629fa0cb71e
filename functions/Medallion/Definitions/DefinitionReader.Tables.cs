using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Definitions;

/// <content>Sources that are tables of Azure Storage or Cosmos DB.</content>
internal sealed partial class DefinitionReader
{
    private static TableDefinition? ReadTable(YamlMap map, string name, string connector)
    {
        if (connector != PipelineKeys.TableConnector)
        {
            if (map.Has("filter"))
            {
                map.ProblemAt("filter", $"source '{name}' has 'filter', which is for the connector {PipelineKeys.TableConnector}");
            }

            return null;
        }

        foreach (var key in PipelineKeys.Files.Where(k => k != "load" && map.Has(k)))
        {
            map.ProblemAt(key, $"source '{name}' has '{key}', which is for files");
        }

        if (map.Has("cursor"))
        {
            map.ProblemAt("cursor", $"source '{name}' has 'cursor', which a table has of itself: the Timestamp of its entities");
        }

        var load = map.Choice("load", LoadMode.Incremental);
        if (load == LoadMode.Full && map.Has("lookback"))
        {
            map.ProblemAt("lookback", $"source '{name}' has 'lookback', which is for incremental loads: a full load takes all entities");
        }

        var table = map.RequiredText("table");
        if (table.Length > 0 && !EntityTableName().IsMatch(table))
        {
            map.ProblemAt("table", $"'table' of source '{name}' is '{table}', which is no name of a table: expected letters, digits, '_' and '-'");
        }

        var filter = map.Text("filter")?.Trim();
        if (filter is not null && FilterProblem(filter) is { } problem)
        {
            map.ProblemAt("filter", $"'filter' of source '{name}' {problem}");
        }

        return new TableDefinition
        {
            Connection = ReadConnection(map, name),
            Table = table,
            Filter = filter,
            Lookback = map.Text("lookback") is { } lookback ? ReadSpan(map, "lookback", lookback) ?? TimeSpan.Zero : TableDefinition.DefaultLookback,
        };
    }

    // The service knows what a filter means; here it must be one whole, because a load adds its own condition to it.
    private static string? FilterProblem(string filter)
    {
        var words = QuotedText().Replace(filter, "''");
        var depth = 0;
        foreach (var c in words)
        {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (depth < 0)
            {
                break;
            }
        }

        return words.Length == 0 ? "is empty: expected an OData filter such as PartitionKey eq 'eu'"
            : words.Replace("''", "", StringComparison.Ordinal).Contains('\'', StringComparison.Ordinal) ? "has a text that does not end: expected a ' at its end, and two for one within it"
            : depth != 0 ? "has brackets that do not belong together"
            : TimestampWord().IsMatch(words) ? "names Timestamp, by which a load finds what is new: leave it out"
            : null;
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,254}$")]
    private static partial Regex EntityTableName();

    [GeneratedRegex("'[^']*'")]
    private static partial Regex QuotedText();

    [GeneratedRegex("""\bTimestamp\b""", RegexOptions.IgnoreCase)]
    private static partial Regex TimestampWord();
}
