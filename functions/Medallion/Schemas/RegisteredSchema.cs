namespace Pipeline.Medallion.Schemas;

/// <summary>A version of a subject with its schema.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Version">The version.</param>
/// <param name="Id">The schema's id.</param>
/// <param name="Schema">The schema.</param>
public sealed record RegisteredSchema(string Subject, int Version, int Id, SchemaDocument Schema);
