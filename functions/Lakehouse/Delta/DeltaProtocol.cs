using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>What this library knows of the protocol; a table that asks for more is refused by name.</summary>
internal static class DeltaProtocol
{
    private const int ReaderVersion = 1;
    private const int TableFeatures = 7;
    private const string Invariants = "delta.invariants";

    // In the order other engines list them.
    private static readonly string[] WriterFeatures = ["appendOnly", "domainMetadata", "invariants"];

    public static ProtocolAction New { get; } = new() { MinReaderVersion = ReaderVersion, MinWriterVersion = TableFeatures, WriterFeatures = WriterFeatures };

    public static void CheckReadable(LakePath root, ProtocolAction protocol)
    {
        if (protocol.MinReaderVersion > ReaderVersion)
        {
            var features = protocol.ReaderFeatures is { Count: > 0 } names ? $" ({string.Join(", ", names)})" : "";
            throw new TerminalException($"The table {root} asks for reader version {protocol.MinReaderVersion}{features}; version "
                + $"{ReaderVersion} is what is known here. Drop those features with the engine that wrote it.");
        }
    }

    public static void CheckWritable(LakePath root, ProtocolAction protocol, MetadataAction metadata, DeltaCommit commit)
    {
        var unknown = protocol.MinWriterVersion == TableFeatures ? (protocol.WriterFeatures ?? []).Except(WriterFeatures).ToArray() : [];
        if (unknown.Length > 0 || protocol.MinWriterVersion is > 2 and not TableFeatures)
        {
            var found = unknown.Length > 0 ? $"the writer features {string.Join(", ", unknown)}" : $"writer version {protocol.MinWriterVersion}";
            throw new TerminalException($"The table {root} asks for {found}; known here are writer versions 1 and 2 and the features "
                + $"{string.Join(", ", WriterFeatures)}. It can be read, not written.");
        }

        if (metadata.SchemaString.Contains(Invariants, StringComparison.Ordinal))
        {
            throw new TerminalException($"The table {root} has a column with {Invariants}, which are not evaluated here. It can be read, not "
                + "written.");
        }

        if (commit.Domain is not null && (protocol.WriterFeatures is null || !protocol.WriterFeatures.Contains("domainMetadata")))
        {
            throw new TerminalException($"The table {root} has no feature domainMetadata (writer version {protocol.MinWriterVersion}), so the "
                + $"state '{commit.Domain.Name}' cannot be kept in it. Write to a table of this application's own.");
        }

        if (commit is { DataChange: true, Mode: not CommitMode.Append } && metadata.Configuration.TryGetValue("delta.appendOnly", out var appendOnly)
            && appendOnly.Equals("true", StringComparison.OrdinalIgnoreCase))
        {
            throw new TerminalException($"The table {root} is append-only (delta.appendOnly); a commit that removes rows ({commit.Mode}) is "
                + "refused.");
        }
    }
}
