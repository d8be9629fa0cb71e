using System.Text.Json;

namespace Pipeline.Faults.Streaming;

/// <summary>The results of kinds that are finished, so that a programme that was stopped goes on with the next one.</summary>
internal sealed class ResultFile(string path)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public async Task<IReadOnlyList<KindResult>> ReadAsync(CancellationToken cancellationToken) =>
        File.Exists(path) ? JsonSerializer.Deserialize<IReadOnlyList<KindResult>>(await File.ReadAllTextAsync(path, cancellationToken), Indented) ?? [] : [];

    /// <summary>Adds a result, or replaces that of the same kind.</summary>
    public async Task AddAsync(KindResult result, CancellationToken cancellationToken)
    {
        var others = (await ReadAsync(cancellationToken)).Where(r => r.Kind != result.Kind);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize<IEnumerable<KindResult>>([.. others, result], Indented), cancellationToken);
    }
}
