namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>A JSON Schema of the pipeline's folder that a source is held to.</summary>
/// <param name="Path">The file, such as <c>schemas/sales.json</c>.</param>
/// <param name="Text">What it holds.</param>
public sealed record SchemaFile(string Path, string Text);
