using System.Text.Json;

namespace Pipeline.LakeTesting;

/// <summary>The specification's "Action Reconciliation": the newest action wins, by path, application and domain.</summary>
internal sealed class SpecState
{
    private readonly SortedDictionary<string, SpecFile> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> transactions = [];
    private readonly Dictionary<string, string> domains = [];
    private (int Reader, int Writer, string[] Features)? protocol;
    private (string Id, string Schema, string[] Partitions, Dictionary<string, string> Configuration)? metadata;

    public void Apply(string name, JsonElement action)
    {
        switch (name)
        {
            case "add":
                files[Required(action, "path")] = ReadFile(action);
                break;
            case "remove":
                files.Remove(Required(action, "path"));
                break;
            case "txn":
                transactions[Required(action, "appId")] = action.GetProperty("version").GetInt64();
                break;
            case "domainMetadata" when Optional(action, "removed") is { ValueKind: JsonValueKind.True }:
                domains.Remove(Required(action, "domain"));
                break;
            case "domainMetadata":
                domains[Required(action, "domain")] = Required(action, "configuration");
                break;
            case "protocol":
                protocol = (action.GetProperty("minReaderVersion").GetInt32(), action.GetProperty("minWriterVersion").GetInt32(), Strings(action, "writerFeatures"));
                break;
            case "metaData":
                var configuration = Map(action, "configuration").ToDictionary(entry => entry.Key, entry => entry.Value ?? "");
                metadata = (Required(action, "id"), Required(action, "schemaString"), Strings(action, "partitionColumns"), configuration);
                break;
        }
    }

    public SpecTable ToTable(string folder, long version)
    {
        var (reader, writer, features) = protocol ?? throw new SpecViolationException($"There is no protocol up to version {version}.");
        var (id, schema, partitions, configuration) = metadata ?? throw new SpecViolationException($"There is no metaData up to version {version}.");
        if (reader > 1)
        {
            throw new SpecViolationException($"The table asks for reader version {reader}; this reader knows 1.");
        }

        var columns = SpecSchema.Columns(schema);
        if (partitions.Except(columns.Select(column => column.Name)).FirstOrDefault() is { } missing)
        {
            throw new SpecViolationException($"The partition column {missing} is not in the schema.");
        }

        if (files.Values.FirstOrDefault(file => !file.PartitionValues.Keys.ToHashSet().SetEquals(partitions)) is { } odd)
        {
            throw new SpecViolationException($"The file {odd.Path} has the partition values ({string.Join(", ", odd.PartitionValues.Keys)}), the table ({string.Join(", ", partitions)}).");
        }

        return new SpecTable
        {
            Folder = folder,
            Version = version,
            Protocol = (reader, writer),
            WriterFeatures = features,
            Id = id,
            SchemaString = schema,
            Columns = columns,
            PartitionColumns = partitions,
            Configuration = configuration,
            Files = [.. files.Values],
            Transactions = transactions,
            Domains = domains,
        };
    }

    private static SpecFile ReadFile(JsonElement add) => new(
        Required(add, "path"),
        Map(add, "partitionValues"),
        add.GetProperty("size").GetInt64(),
        Optional(add, "stats") is { ValueKind: JsonValueKind.String } stats ? stats.GetString() : null);

    private static string Required(JsonElement action, string name) =>
        action.GetProperty(name).GetString() ?? throw new SpecViolationException($"An action has no {name}: {action}");

    private static JsonElement? Optional(JsonElement action, string name) => action.TryGetProperty(name, out var found) ? found : null;

    private static string[] Strings(JsonElement action, string name) =>
        Optional(action, name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(item => item.GetString() ?? "")] : [];

    private static Dictionary<string, string?> Map(JsonElement action, string name) =>
        Optional(action, name) is { ValueKind: JsonValueKind.Object } map ? map.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()) : [];
}
