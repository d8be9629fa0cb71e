namespace Pipeline.Medallion.Schemas;

/// <summary>A version of a subject with its schema.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Version">The version.</param>
/// <param name="Id">The schema's id.</param>
/// <param name="Schema">The schema.</param>
public sealed record RegisteredSchema(string Subject, int Version, int Id, SchemaDocument Schema);

/// <summary>What registering a schema would come to.</summary>
/// <param name="Id">The schema's id; null: it would be given a new one.</param>
/// <param name="Version">The version that it is or would become.</param>
/// <param name="IsRegistered">Whether it is that version already.</param>
/// <param name="Incompatibilities">Why it would be refused; empty: it would not.</param>
public sealed record RegistrationPreview(int? Id, int Version, bool IsRegistered, IReadOnlyList<Incompatibility> Incompatibilities);
