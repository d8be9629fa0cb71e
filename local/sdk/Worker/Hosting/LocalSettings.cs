using System.Text.Json;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>local.settings.json as the Core Tools read it: Values are environment variables, Host.LocalHttpPort is the port.</summary>
internal sealed record LocalSettings(IReadOnlyDictionary<string, string> Values, int? Port)
{
    private const string FileName = "local.settings.json";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static LocalSettings Read(string folder)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            return new(new Dictionary<string, string>(), null);
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file), Lenient);
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new FunctionsHostException($"{file} is not JSON: {e.Message}", e);
        }
    }

    /// <summary>The values as configuration keys: a double underscore separates sections.</summary>
    public IEnumerable<KeyValuePair<string, string?>> AsConfiguration() =>
        Values.Select(value => KeyValuePair.Create(value.Key.Replace("__", ":", StringComparison.Ordinal), (string?)value.Value));

    /// <summary>Sets the values that the environment does not set already.</summary>
    public void ApplyToEnvironment()
    {
        foreach (var (name, value) in Values)
        {
            if (Environment.GetEnvironmentVariable(name) is null)
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }
    }

    private static LocalSettings Read(JsonElement root)
    {
        if (root.TryGetProperty("IsEncrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True)
        {
            throw new FunctionsHostException($"{FileName} is encrypted. Run 'func settings decrypt' and set IsEncrypted to false.");
        }

        var values = root.TryGetProperty(nameof(Values), out var section)
            ? section.EnumerateObject().ToDictionary(value => value.Name, Text, StringComparer.OrdinalIgnoreCase)
            : [];
        int? port = root.TryGetProperty("Host", out var host) && host.TryGetProperty("LocalHttpPort", out var number) ? number.GetInt32() : null;
        return new(values, port);
    }

    private static string Text(JsonProperty value) => value.Value.ValueKind switch
    {
        JsonValueKind.String => value.Value.GetString() ?? "",
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.Value.GetRawText(),
        var kind => throw new FunctionsHostException(
            $"{FileName}: the value of {value.Name} is {kind}. Values holds text only; write sections as 'Section__Key'."),
    };
}
