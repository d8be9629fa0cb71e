using System.Globalization;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>What this library knows of the protocol; a table that asks for more is refused by name.</summary>
internal static class DeltaProtocol
{
    private const int ReaderVersion = 1;
    private const int ColumnMappingReader = 2;
    private const int FeaturesReader = 3;
    private const int TableFeatures = 7;
    private const string DomainMetadata = "domainMetadata";

    // In the order other engines list them.
    private static readonly string[] Supported = ["appendOnly", DomainMetadata, "invariants"];

    // What does nothing to a table that does not use it. A vacuum here checks the protocol anyway.
    private static readonly Feature[] Optional =
    [
        new("invariants", "a column with delta.invariants", table => Schema(table, "delta.invariants")),
        new("checkConstraints", "a property delta.constraints.*", table => table.Configuration.Keys.Any(key => key.StartsWith("delta.constraints.", StringComparison.OrdinalIgnoreCase))),
        new("generatedColumns", "a column with delta.generationExpression", table => Schema(table, "delta.generationExpression")),
        new("identityColumns", "a column with delta.identity", table => Schema(table, "delta.identity.")),
        new("allowColumnDefaults", "a column with CURRENT_DEFAULT", table => Schema(table, "CURRENT_DEFAULT")),
        new("changeDataFeed", "the property delta.enableChangeDataFeed", table => Is(table, "delta.enableChangeDataFeed", "true")),
        new("columnMapping", "the property delta.columnMapping.mode", MapsColumns),
        new("inCommitTimestamp", "the property delta.enableInCommitTimestamps", table => Is(table, "delta.enableInCommitTimestamps", "true")),
        new("timestampNtz", "a column of the type timestamp_ntz", table => Schema(table, "timestamp_ntz")),
        new("vacuumProtocolCheck", "", _ => false),
    ];

    // Writer version 3 asks for these of a checkpoint.
    private static readonly (string Property, string Refused)[] CheckpointProperties = [("delta.checkpoint.writeStatsAsJson", "false"), ("delta.checkpoint.writeStatsAsStruct", "true")];

    public static ProtocolAction New { get; } = new() { MinReaderVersion = ReaderVersion, MinWriterVersion = TableFeatures, WriterFeatures = Supported };

    public static void CheckReadable(LakePath root, ProtocolAction protocol, MetadataAction metadata)
    {
        if (protocol.MinReaderVersion <= ReaderVersion || (protocol.MinReaderVersion == ColumnMappingReader && !MapsColumns(metadata)))
        {
            return;
        }

        string[] features = protocol.MinReaderVersion == ColumnMappingReader ? ["columnMapping"] : [.. protocol.ReaderFeatures ?? []];
        string[] unknown = [.. features.Where(feature => Optional.FirstOrDefault(known => known.Name == feature) is not { } found || found.IsUsed(metadata))];
        if (unknown.Length > 0 || (protocol.MinReaderVersion != ColumnMappingReader && (protocol.ReaderFeatures is null || protocol.MinReaderVersion > FeaturesReader)))
        {
            throw new TerminalException($"The table {root} asks for reader version {protocol.MinReaderVersion}{(unknown.Length > 0 ? $" with {string.Join(", ", unknown)}" : "")}, which is not known here: readable are "
                + "tables of reader version 1, and later ones whose features change nothing for a reader. Drop the features with the engine that wrote it.");
        }
    }

    public static void CheckWritable(LakePath root, ProtocolAction protocol, MetadataAction metadata, DeltaCommit commit)
    {
        string[] features = protocol.MinWriterVersion == TableFeatures ? [.. protocol.WriterFeatures ?? []] : [];
        string[] unknown = [.. features.Where(feature => !Supported.Contains(feature) && Optional.All(known => known.Name != feature))];
        if (unknown.Length > 0 || protocol.MinWriterVersion > TableFeatures)
        {
            var found = unknown.Length > 0 ? $"the writer features {string.Join(", ", unknown)}" : $"writer version {protocol.MinWriterVersion.ToString(CultureInfo.InvariantCulture)}";
            throw new TerminalException($"The table {root} asks for {found}; known here are writer versions up to {TableFeatures} and the features "
                + $"{string.Join(", ", Supported.Union(Optional.Select(known => known.Name)))}. It can be read, not written.");
        }

        if (Optional.FirstOrDefault(feature => feature.IsUsed(metadata)) is { } used)
        {
            throw new TerminalException($"The table {root} uses {used.Name} ({used.Sign}), which is not evaluated here. It can be read, not written.");
        }

        if (CheckpointProperties.FirstOrDefault(pair => Is(metadata, pair.Property, pair.Refused)) is { Property: { } property })
        {
            throw new TerminalException($"The table {root} asks for other checkpoints than are written here ({property} is {metadata.Configuration[property]}). It can be read, not written.");
        }

        if (commit.Domains is [{ } domain, ..] && (protocol.WriterFeatures is null || !protocol.WriterFeatures.Contains(DomainMetadata)))
        {
            throw new TerminalException($"The table {root} has no feature domainMetadata (writer version {protocol.MinWriterVersion}), so the "
                + $"state '{domain.Name}' cannot be kept in it. Write to a table of this application's own.");
        }

        if (commit is { DataChange: true, Mode: not CommitMode.Append } and not { Mode: CommitMode.Replace, Remove.Count: 0 } && Is(metadata, "delta.appendOnly", "true"))
        {
            throw new TerminalException($"The table {root} is append-only (delta.appendOnly); a commit that removes rows ({commit.Mode}) is "
                + "refused.");
        }
    }

    private static bool MapsColumns(MetadataAction table) => table.Configuration.TryGetValue("delta.columnMapping.mode", out var mode) && !mode.Equals("none", StringComparison.OrdinalIgnoreCase);

    private static bool Is(MetadataAction table, string property, string value) => table.Configuration.TryGetValue(property, out var found) && found.Equals(value, StringComparison.OrdinalIgnoreCase);

    private static bool Schema(MetadataAction table, string text) => table.SchemaString.Contains(text, StringComparison.Ordinal);

    private sealed record Feature(string Name, string Sign, Func<MetadataAction, bool> IsUsed);
}
