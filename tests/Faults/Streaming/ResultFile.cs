using System.Text.Json;

namespace Pipeline.Faults.Streaming;

/// <summary>The results of parts that are finished, so that a programme that was stopped goes on with those that are not. Parts that are played at a time may add theirs.</summary>
internal sealed class ResultFile(string path)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly Lock gate = new();

    public IReadOnlyList<KindResult> Read()
    {
        lock (gate)
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<IReadOnlyList<KindResult>>(File.ReadAllText(path), Indented) ?? [] : [];
        }
    }

    /// <summary>Adds a result, or replaces that of the same part.</summary>
    public void Add(KindResult result)
    {
        lock (gate)
        {
            var others = Read().Where(r => (r.Kind, r.First) != (result.Kind, result.First));
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "");
            File.WriteAllText($"{path}.new", JsonSerializer.Serialize<IEnumerable<KindResult>>([.. others, result], Indented));
            File.Move($"{path}.new", path, overwrite: true);
        }
    }
}
