using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Lineage.OpenLineage;

/// <summary>Where the lake is, as lineage names it.</summary>
public sealed record LineageOptions
{
    /// <summary>The storage account's name.</summary>
    public string Account { get; init; } = "lake";
}

/// <summary>Names of datasets, jobs and runs (https://github.com/OpenLineage/OpenLineage/blob/main/spec/Naming.md, "ADLS Gen2").</summary>
internal sealed class LineageNames(LineageOptions options)
{
    /// <summary>Jobs are named within the container of their definitions.</summary>
    public string JobNamespace => Namespace("pipelines");

    public static string Producer { get; } = $"urn:pipeline:{typeof(LineageNames).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "1"}";

    /// <summary>The account, without a key or a path.</summary>
    public Uri Lake => new($"abfss://{options.Account}.dfs.core.windows.net");

    /// <summary>A run's UUID follows from our id: a repeat says the same (RFC 9562, version 8, appendix B.2: name-based on SHA-256).</summary>
    public static string RunId(string runId, TableKey? step = null)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(step is null ? $"pipeline/{runId}" : $"pipeline/{runId}/{step}")).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    public (string Namespace, string Name) Table(string pipeline, TableKey table) => (Namespace(table.Layer), $"{pipeline}/{table.Name}");

    /// <summary>What a source takes: events of a hub, rows of a database or records of an API or entities of a table by the name of its connection, a file of a web server by its URL, or files.</summary>
    public JsonObject Arrival(SourceDefinition source) =>
        source.Stream is { } stream ? new JsonObject { ["namespace"] = "eventhub", ["name"] = stream.Hub ?? "default" }
        : source.Sql is { } sql ? new JsonObject { ["namespace"] = $"sql://{sql.Connection}", ["name"] = sql.Table ?? source.Name }
        : source.Rest is { } rest ? new JsonObject { ["namespace"] = $"rest://{rest.Connection}", ["name"] = rest.Path }
        : source.Table is { } table ? new JsonObject { ["namespace"] = $"table://{table.Connection}", ["name"] = table.Table }
        : source.Remote is { } remote ? new JsonObject { ["namespace"] = remote.Url.GetLeftPart(UriPartial.Authority), ["name"] = remote.Url.AbsolutePath }
        : Landing(source.Path);

    /// <summary>What a served table becomes: a table of a database by the name of its connection.</summary>
    public static JsonObject Target(ServeDefinition serve) => new() { ["namespace"] = $"sql://{serve.Connection}", ["name"] = serve.Target };

    /// <summary>Files in landing, by the glob that the source takes.</summary>
    private JsonObject Landing(string path) => new() { ["namespace"] = Namespace("landing"), ["name"] = path };

    private string Namespace(string container) => $"abfss://{container}@{options.Account}.dfs.core.windows.net";
}
