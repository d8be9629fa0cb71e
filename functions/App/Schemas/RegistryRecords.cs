using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Medallion.Schemas;

namespace Pipeline.App.Schemas;

/// <summary>A schema that is registered, looked up or checked.</summary>
public sealed record SchemaBody
{
    /// <summary>The schema, as a text.</summary>
    public string? Schema { get; init; }

    /// <summary>JSON; without it a schema is taken for AVRO, which is not supported.</summary>
    public string? SchemaType { get; init; }

    /// <summary>Schemas it refers to: none are supported.</summary>
    public IReadOnlyList<JsonElement>? References { get; init; }

    /// <summary>Not used.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Not used.</summary>
    public JsonElement? RuleSet { get; init; }

    /// <summary>Not used: the registry gives versions.</summary>
    public int? Version { get; init; }

    /// <summary>Not used: the registry gives ids.</summary>
    public int? Id { get; init; }

    /// <summary>The schema.</summary>
    /// <exception cref="SchemaRegistryException">It is none that is supported (42201).</exception>
    internal SchemaDocument Parse() =>
        SchemaType is not "JSON" ? throw SchemaRegistryException.InvalidSchema($"its type is {SchemaType ?? "AVRO (what holds without 'schemaType')"}: only \"schemaType\": \"JSON\" is supported.")
            : References is { Count: > 0 } ? throw SchemaRegistryException.InvalidSchema("it has 'references': put what it refers to into the schema itself.")
            : SchemaDocument.Parse(Schema);
}

/// <summary>A compatibility that is set.</summary>
public sealed record CompatibilityBody
{
    /// <summary>One of the seven modes, such as BACKWARD_TRANSITIVE.</summary>
    public string? Compatibility { get; init; }
}

/// <summary>A schema's id.</summary>
/// <param name="Id">The id.</param>
public sealed record SchemaId(int Id);

/// <summary>What registering a schema would come to; nothing was written.</summary>
/// <param name="Id">The schema's id, if it has one already.</param>
/// <param name="Version">The version that it is or would become.</param>
/// <param name="IsRegistered">Whether it is that version already.</param>
/// <param name="IsCompatible">Whether it goes with what the subject's mode looks at.</param>
/// <param name="Messages">Why not.</param>
public sealed record RegistrationAnswer(
    int? Id, int Version, [property: JsonPropertyName("is_registered")] bool IsRegistered, [property: JsonPropertyName("is_compatible")] bool IsCompatible, IReadOnlyList<IncompatibleField> Messages)
{
    internal static RegistrationAnswer Of(RegistrationPreview preview) => new(
        preview.Id,
        preview.Version,
        preview.IsRegistered,
        preview.Incompatibilities.Count == 0,
        [.. preview.Incompatibilities.Select(i => new IncompatibleField(i.Path, i.Rule, i.Old, i.New, i.Version, i.Direction))]);
}

/// <summary>A place where a schema does not go with an earlier version.</summary>
/// <param name="Field">Where, as a JSON pointer: <c>#/properties/id</c>.</param>
/// <param name="Rule">Why, such as <c>TYPE_CHANGED</c>.</param>
/// <param name="Old">What the earlier version says there; absent: nothing.</param>
/// <param name="New">What the new schema says there; absent: nothing.</param>
/// <param name="Version">The earlier version.</param>
/// <param name="Direction">BACKWARD: readers with the new schema refuse old data. FORWARD: readers with the old one refuse new data.</param>
public sealed record IncompatibleField(string Field, string Rule, string? Old, string? New, int Version, string Direction);

/// <summary>A version of a subject with its schema.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Version">The version.</param>
/// <param name="Id">The schema's id.</param>
/// <param name="SchemaType">JSON.</param>
/// <param name="Schema">The schema, as a text.</param>
public sealed record SubjectSchema(string Subject, int Version, int Id, string SchemaType, string Schema)
{
    internal static SubjectSchema Of(RegisteredSchema schema) => new(schema.Subject, schema.Version, schema.Id, "JSON", schema.Schema.Text);
}

/// <summary>A schema.</summary>
/// <param name="SchemaType">JSON.</param>
/// <param name="Schema">The schema, as a text.</param>
public sealed record SchemaText(string SchemaType, string Schema);

/// <summary>Where a schema is used.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Version">The version.</param>
public sealed record SchemaUse(string Subject, int Version);

/// <summary>Whether a schema could become a version.</summary>
/// <param name="IsCompatible">Whether it could.</param>
/// <param name="Messages">Why not; only if asked for by <c>verbose</c>.</param>
public sealed record CompatibilityAnswer([property: JsonPropertyName("is_compatible")] bool IsCompatible, IReadOnlyList<string>? Messages)
{
    internal static CompatibilityAnswer Of(IReadOnlyList<Incompatibility> found, bool verbose) => new(found.Count == 0, verbose ? [.. found.Select(i => i.ToString())] : null);
}

/// <summary>The compatibility that holds.</summary>
/// <param name="CompatibilityLevel">One of the seven modes.</param>
public sealed record CompatibilityLevelAnswer(string CompatibilityLevel)
{
    internal static CompatibilityLevelAnswer Of(CompatibilityMode mode) => new(CompatibilityModes.NameOf(mode));
}

/// <summary>The compatibility that was set.</summary>
/// <param name="Compatibility">One of the seven modes.</param>
public sealed record CompatibilitySetAnswer(string Compatibility)
{
    internal static CompatibilitySetAnswer Of(CompatibilityMode mode) => new(CompatibilityModes.NameOf(mode));
}

/// <summary>What the registry takes.</summary>
/// <param name="Mode">READWRITE.</param>
public sealed record RegistryMode(string Mode);

/// <summary>An error of the registry.</summary>
/// <param name="ErrorCode">Confluent's code, such as 40401.</param>
/// <param name="Message">What is wrong.</param>
public sealed record RegistryError([property: JsonPropertyName("error_code")] int ErrorCode, string Message);
