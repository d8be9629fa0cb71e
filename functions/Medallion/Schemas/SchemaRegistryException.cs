using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Schemas;

/// <summary>The registry refuses a request; the code is one of Confluent's (https://docs.confluent.io/platform/current/schema-registry/develop/api.html).</summary>
public sealed class SchemaRegistryException : TerminalException
{
    private SchemaRegistryException(int code, string message)
        : base(message) => Code = code;

    /// <summary>Confluent's <c>error_code</c>: its first three digits are the HTTP status.</summary>
    public int Code { get; }

    /// <summary>There is no version of the subject, or every one is deleted.</summary>
    public static SchemaRegistryException SubjectNotFound(string subject) => new(40401, $"Subject '{subject}' not found.");

    /// <summary>The subject has no such version.</summary>
    public static SchemaRegistryException VersionNotFound(string version) => new(40402, $"Version {version} not found.");

    /// <summary>There is no such schema, or not under the subject.</summary>
    public static SchemaRegistryException SchemaNotFound() => new(40403, "Schema not found");

    /// <summary>There is no schema of that id.</summary>
    public static SchemaRegistryException IdNotFound(string id) => new(40403, $"Schema {id} not found");

    /// <summary>The subject is soft-deleted already.</summary>
    public static SchemaRegistryException SubjectSoftDeleted(string subject) =>
        new(40404, $"Subject '{subject}' was soft deleted. Set permanent=true to delete permanently");

    /// <summary>The subject must be soft-deleted before it is deleted permanently.</summary>
    public static SchemaRegistryException SubjectNotSoftDeleted(string subject) =>
        new(40405, $"Subject '{subject}' was not deleted first before being permanently deleted");

    /// <summary>The version is soft-deleted already.</summary>
    public static SchemaRegistryException VersionSoftDeleted(string subject, int version) =>
        new(40406, $"Subject '{subject}' Version {version} was soft deleted. Set permanent=true to delete permanently");

    /// <summary>The version must be soft-deleted before it is deleted permanently.</summary>
    public static SchemaRegistryException VersionNotSoftDeleted(string subject, int version) =>
        new(40407, $"Subject '{subject}' Version {version} was not deleted first before being permanently deleted");

    /// <summary>The subject has no compatibility level of its own.</summary>
    public static SchemaRegistryException CompatibilityNotConfigured(string subject) =>
        new(40408, $"Subject '{subject}' does not have subject-level compatibility configured");

    /// <summary>The schema does not go with earlier versions.</summary>
    public static SchemaRegistryException Incompatible(string subject, IEnumerable<Incompatibility> incompatibilities) =>
        new(409, $"Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{string.Join("; ", incompatibilities)}]");

    /// <summary>The schema is not a JSON Schema that can be compared.</summary>
    public static SchemaRegistryException InvalidSchema(string reason) => new(42201, $"Invalid schema: {reason}");

    /// <summary>The version is neither a number nor <c>latest</c>.</summary>
    public static SchemaRegistryException InvalidVersion(string version) =>
        new(42202, $"The specified version '{version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\"");

    /// <summary>The compatibility level is none of the seven.</summary>
    public static SchemaRegistryException InvalidCompatibility(string? level) =>
        new(42203, $"Invalid compatibility level '{level}'. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive");

    /// <summary>The subject's name cannot be kept.</summary>
    public static SchemaRegistryException InvalidSubject(string subject) => new(42208, $"The specified subject '{subject}' is not a valid subject.");

    /// <summary>The schema is larger than a table's row.</summary>
    public static SchemaRegistryException SchemaTooLarge(int bytes, int limit) => new(42209, $"The schema has {bytes} bytes of UTF-8: the most that is kept is {limit}.");
}
