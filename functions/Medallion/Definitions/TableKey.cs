using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Definitions;

/// <summary>A table of a pipeline, such as <c>silver.orders</c>: a layer and a name.</summary>
[JsonConverter(typeof(TableKeyConverter))]
public readonly record struct TableKey(string Layer, string Name)
{
    /// <summary>The layers that hold tables, in the order of the flow.</summary>
    public static IReadOnlyList<string> Layers { get; } = ["bronze", "silver", "gold", "rejected"];

    /// <summary>What steps are named by that serve a table, in the place of a layer: they make no table of the lake.</summary>
    public const string Serve = "serve";

    /// <summary>Reads <c>layer.name</c>.</summary>
    public static bool TryParse(string text, out TableKey table)
    {
        ArgumentNullException.ThrowIfNull(text);
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        table = dot > 0 ? new TableKey(text[..dot], text[(dot + 1)..]) : default;
        return dot > 0 && Layers.Contains(table.Layer) && IsName(table.Name);
    }

    /// <summary>Reads the name of a step: that of the table it makes, or <c>serve.name</c>.</summary>
    public static bool TryParseStep(string text, out TableKey step) =>
        TryParse(text, out step) || (step.Layer == Serve && IsName(step.Name));

    /// <summary>Reads <c>layer.name</c>, also of a step that serves a table.</summary>
    /// <exception cref="FormatException">It is not a layer, a dot and a name.</exception>
    public static TableKey Parse(string text) =>
        TryParseStep(text, out var table) ? table : throw new FormatException($"'{text}' is not a table: expected layer.name with layer one of {string.Join(", ", Layers)}.");

    /// <summary>A table as SQL names it: the case of ASCII letters does not matter there.</summary>
    internal static TableKey Of(TableName name) => new(name.Schema?.ToLowerInvariant() ?? "", name.Name.ToLowerInvariant());

    /// <summary>Whether a text can name a source, a model or a column: 1 to 100 lower-case letters, digits and '_', not starting with a digit.</summary>
    public static bool IsName([NotNullWhen(true)] string? name) =>
        name is { Length: > 0 and <= 100 } && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');

    /// <inheritdoc/>
    public override string ToString() => $"{Layer}.{Name}";

    private sealed class TableKeyConverter : JsonConverter<TableKey>
    {
        public override TableKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Parse(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, TableKey value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

        public override TableKey ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Parse(reader.GetString() ?? "");

        public override void WriteAsPropertyName(Utf8JsonWriter writer, TableKey value, JsonSerializerOptions options) => writer.WritePropertyName(value.ToString());
    }
}
