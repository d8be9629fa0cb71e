using System.Globalization;
using System.Text.Json;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>Turns a JSON Schema into the columns of a source. What a source cannot be held to is a problem, not overlooked.</summary>
internal sealed class SchemaFileReader
{
    private const int MaxScale = 18;
    private static readonly string[] Annotations = ["$schema", "$id", "$comment", "title", "description", "examples"];
    private static readonly string[] OfFile = ["type", "properties", "required", "additionalProperties", .. Annotations];
    private static readonly string[] OfProperty = ["type", "format", "minimum", "maximum", "enum", "pattern", "multipleOf", "default", SourceContract.ExactType, .. Annotations];

    private readonly SchemaFile file;
    private readonly List<DefinitionProblem> problems;

    private SchemaFileReader(SchemaFile file, List<DefinitionProblem> problems) => (this.file, this.problems) = (file, problems);

    /// <summary>The columns of a file that are not declared otherwise, before those that are.</summary>
    /// <param name="file">The file; null: there is none.</param>
    /// <param name="declared">The columns of pipeline.yaml.</param>
    /// <param name="problems">Receives what is wrong with the file.</param>
    public static IReadOnlyList<ColumnDefinition> Merge(SchemaFile? file, IReadOnlyList<ColumnDefinition> declared, List<DefinitionProblem> problems) =>
        file is null ? declared : [.. new SchemaFileReader(file, problems).Read(declared), .. declared];

    private IEnumerable<ColumnDefinition> Read(IReadOnlyList<ColumnDefinition> declared)
    {
        if (Parse() is not { } schema)
        {
            return [];
        }

        AllowOnly(schema, OfFile, "the schema", 1);
        if (!schema.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String || type.GetString() != "object")
        {
            Problem(1, $"the schema's 'type' is {(type.ValueKind == JsonValueKind.Undefined ? "absent" : type.GetRawText())}: expected \"object\", which is a row");
        }

        if (schema.TryGetProperty("additionalProperties", out var others) && others.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Problem(LineOf("additionalProperties"), $"'additionalProperties' is {Shown(others)}: expected true or false");
        }

        if (!schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object || !properties.EnumerateObject().Any())
        {
            Problem(1, "the schema has no 'properties': expected one for each column");
            return [];
        }

        var required = Required(schema, properties);
        var columns = properties.EnumerateObject().Where(p => !declared.Any(c => IsOf(c, p.Name))).Select(p => ReadColumn(p.Name, p.Value, required.Contains(p.Name))).ToList();
        foreach (var twice in columns.GroupBy(c => c.Name).Where(g => g.Count() > 1))
        {
            Problem(twice.Last().Line.Number, $"the properties {string.Join(" and ", twice.Select(c => $"'{c.From}'"))} would both be the column '{twice.Key}': name one of them in 'columns', with 'from'");
        }

        return columns;
    }

    private JsonElement? Parse()
    {
        try
        {
            SchemaDocument.Parse(file.Text);
            using var json = JsonDocument.Parse(file.Text);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                return json.RootElement.Clone();
            }

            Problem(1, "the schema is true or false: expected an object with 'properties'");
        }
        catch (SchemaRegistryException error)
        {
            Problem(1, error.Message);
        }

        return null;
    }

    private HashSet<string> Required(JsonElement schema, JsonElement properties)
    {
        var names = schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(n => n.GetString() ?? "").ToHashSet(StringComparer.Ordinal) : [];
        foreach (var unknown in names.Where(n => !properties.TryGetProperty(n, out _)))
        {
            Problem(LineOf("required"), $"'required' names '{unknown}', which is not one of the properties: {string.Join(", ", properties.EnumerateObject().Select(p => p.Name))}");
        }

        return names;
    }

    private ColumnDefinition ReadColumn(string name, JsonElement property, bool required)
    {
        var line = LineOf(name);
        var column = new ColumnDefinition { Name = ColumnNames.ForSilver(name), From = name, Type = "", Line = new SourceLine(file.Path, line) };
        if (property.ValueKind != JsonValueKind.Object)
        {
            Problem(line, $"property '{name}' is {Shown(property)}: expected an object that says its type");
            return column;
        }

        AllowOnly(property, OfProperty, $"property '{name}'", line);
        var types = property.TryGetProperty("type", out var type) ? type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(Text).ToList() : [Text(type)] : [];
        var nullable = types.Remove("null");
        return column with
        {
            Type = Text(property, SourceContract.ExactType) ?? TypeOf(name, property, types, line),
            Required = required && !nullable,
            Min = Text(property, "minimum"),
            Max = Text(property, "maximum"),
            In = property.TryGetProperty("enum", out var values) ? [.. values.EnumerateArray().Where(v => v.ValueKind != JsonValueKind.Null).Select(Text)] : [],
            Pattern = Text(property, "pattern"),
            Default = Text(property, "default"),
            Description = Text(property, "description"),
        };
    }

    private string TypeOf(string name, JsonElement property, List<string> types, int line)
    {
        if (property.TryGetProperty("multipleOf", out var multiple) && types is not ["number"])
        {
            Problem(line, $"property '{name}' has 'multipleOf': expected it of a \"number\" only, where it tells the places after the point");
        }

        if (property.TryGetProperty("format", out var format) && (types is not ["string"] || Text(format) is not ("date" or "date-time")))
        {
            Problem(line, $"property '{name}' has the format {Shown(format)}: expected \"date\" or \"date-time\" of a \"string\", or none");
        }

        switch (types)
        {
            case ["string"]:
                return Text(property, "format") switch { "date" => "date", "date-time" => "timestamp", _ => "varchar" };
            case ["integer"]:
                return "bigint";
            case ["boolean"]:
                return "boolean";
            case ["number"]:
                return multiple.ValueKind == JsonValueKind.Undefined ? "double" : DecimalOf(name, multiple, line);
            default:
                var found = types.Count == 0 ? "no type" : $"the type {string.Join(" or ", types)}";
                Problem(line, $"property '{name}' has {found}: expected one of string, integer, number, boolean, with or without null, or '{SourceContract.ExactType}' with a type of DuckDB");
                return "";
        }
    }

    private string DecimalOf(string name, JsonElement multiple, int line)
    {
        for (var (scale, unit) = (0, 1m); scale <= MaxScale; scale++, unit /= 10)
        {
            if (multiple.TryGetDecimal(out var value) && value == unit)
            {
                return string.Create(CultureInfo.InvariantCulture, $"decimal(18,{scale})");
            }
        }

        Problem(line, $"property '{name}' is a multiple of {multiple.GetRawText()}: expected 1, 0.1, 0.01 and so on, which tell the places after the point");
        return "";
    }

    private void AllowOnly(JsonElement schema, string[] keywords, string what, int line)
    {
        foreach (var keyword in schema.EnumerateObject().Where(k => !keywords.Contains(k.Name)))
        {
            Problem(line, $"{what} has the keyword '{keyword.Name}', which a source cannot be held to: expected one of {string.Join(", ", keywords)}; say the rest by 'rules'");
        }
    }

    private static bool IsOf(ColumnDefinition declared, string property) =>
        declared.Name == ColumnNames.ForSilver(property) || string.Equals(declared.From, property, StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement schema, string keyword) => schema.TryGetProperty(keyword, out var value) && value.ValueKind != JsonValueKind.Null ? Text(value) : null;

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText();

    private static string Shown(JsonElement value) => value.GetRawText() is { Length: > 100 } text ? string.Concat(text.AsSpan(0, 100), "…") : value.GetRawText();

    // A property stands where its name first stands behind 'properties'.
    private int LineOf(string name)
    {
        var from = Math.Max(0, file.Text.IndexOf("\"properties\"", StringComparison.Ordinal));
        var at = file.Text.IndexOf(JsonSerializer.Serialize(name), name is "required" or "additionalProperties" ? 0 : from, StringComparison.Ordinal);
        return 1 + file.Text.AsSpan(0, Math.Max(0, at)).Count('\n');
    }

    private void Problem(int line, string message) => problems.Add(new DefinitionProblem(file.Path, line, message));
}
