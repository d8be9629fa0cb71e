using System.Text.Json.Serialization;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The columns of a table, or the fields of a struct. Two schemas are equal when their JSON is.</summary>
[JsonConverter(typeof(DeltaSchemaJson))]
public sealed record DeltaSchema
{
    /// <summary>In order.</summary>
    public required IReadOnlyList<DeltaField> Fields { get; init; }

    /// <summary>The field of that name regardless of casing (names are unique regardless of casing), or null.</summary>
    public DeltaField? Find(string name) => Fields.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The text of <c>metaData.schemaString</c>.</summary>
    public string ToJson() => DeltaSchemaJson.Text(new StructType(this));

    /// <summary>Reads a <c>metaData.schemaString</c>.</summary>
    /// <exception cref="TerminalException">The text is not a schema, or has a type that is not known here.</exception>
    public static DeltaSchema FromJson(string json) => DeltaSchemaJson.Parse(json);

    /// <summary>The schema of a table that holds a query's result, after <see cref="DeltaTypes.Normalise"/>. Every column may be null.</summary>
    /// <exception cref="TerminalException">A column has a type that no table can hold; the message names the cast to write.</exception>
    public static DeltaSchema FromDuckDb(IReadOnlyList<DuckDbColumn> columns) =>
        new() { Fields = [.. columns.Select(column => new DeltaField { Name = column.Name, Type = DeltaTypes.FromDuckDb(column.Name, column.Type) })] };

    /// <inheritdoc/>
    public bool Equals(DeltaSchema? other) => other is not null && Fields.SequenceEqual(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.Count == 0 ? 0 : HashCode.Combine(Fields.Count, Fields[0]);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Fields.Select(field => $"{field.Name} {field.Type}"));
}

/// <summary>A column of a table or a field of a struct.</summary>
public sealed record DeltaField
{
    /// <summary>Unique in its schema regardless of casing.</summary>
    public required string Name { get; init; }

    /// <summary>What it holds.</summary>
    public required DeltaType Type { get; init; }

    /// <summary>False: writers must refuse null.</summary>
    public bool Nullable { get; init; } = true;

    /// <summary>Facts about the column, such as <c>comment</c>. What other engines wrote as something else than text is here as JSON text.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Keys of <see cref="Metadata"/> whose value is JSON, to write them back as they came.</summary>
    internal IReadOnlySet<string> JsonMetadata { get; init; } = new HashSet<string>();

    /// <inheritdoc/>
    public bool Equals(DeltaField? other) => other is not null && Name == other.Name && Type == other.Type && Nullable == other.Nullable
        && Metadata.Count == other.Metadata.Count && Metadata.All(entry => other.Metadata.TryGetValue(entry.Key, out var value) && value == entry.Value);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Nullable);
}
