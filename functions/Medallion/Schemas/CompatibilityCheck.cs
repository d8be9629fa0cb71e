using Pipeline.Medallion.Schemas.Compatibility;

namespace Pipeline.Medallion.Schemas;

/// <summary>A place where a new schema does not go with an earlier version.</summary>
/// <param name="Version">The earlier version.</param>
/// <param name="Direction">BACKWARD: readers with the new schema refuse old data. FORWARD: readers with the old one refuse new data.</param>
/// <param name="Path">Where, as a JSON pointer: <c>#/properties/id</c>.</param>
/// <param name="Rule">Why, by Confluent's name, such as <c>TYPE_CHANGED</c>.</param>
/// <param name="Old">What the earlier version says there; null: nothing.</param>
/// <param name="New">What the new schema says there; null: nothing.</param>
public sealed record Incompatibility(int Version, string Direction, string Path, string Rule, string? Old, string? New)
{
    private const int ShownCharacters = 200;

    /// <inheritdoc/>
    public override string ToString() => $"{Rule} at {Path}: version {Version} has {Shown(Old)}, the new schema has {Shown(New)} ({Direction})";

    private static string Shown(string? text) => text switch
    {
        null => "nothing",
        { Length: > ShownCharacters } => string.Concat(text.AsSpan(0, ShownCharacters), "…"),
        _ => text,
    };
}

/// <summary>Holds a new schema against earlier versions.</summary>
public static class CompatibilityCheck
{
    /// <summary>Where the new schema does not go with the versions that the mode looks at; empty: it may become a version.</summary>
    /// <param name="schema">The new schema.</param>
    /// <param name="versions">The versions, oldest first.</param>
    /// <param name="mode">What is asked.</param>
    public static IReadOnlyList<Incompatibility> Run(SchemaDocument schema, IReadOnlyList<(int Version, SchemaDocument Schema)> versions, CompatibilityMode mode)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(versions);
        var found = new List<Incompatibility>();
        foreach (var (version, earlier) in CompatibilityModes.IsTransitive(mode) ? versions : versions.TakeLast(1))
        {
            if (CompatibilityModes.IsBackward(mode))
            {
                found.AddRange(SchemaComparer.Compare(earlier.Root, schema.Root).Select(d => new Incompatibility(version, "BACKWARD", $"#{d.Path}", d.RuleName, d.Writer, d.Reader)));
            }

            if (CompatibilityModes.IsForward(mode))
            {
                found.AddRange(SchemaComparer.Compare(schema.Root, earlier.Root).Select(d => new Incompatibility(version, "FORWARD", $"#{d.Path}", d.RuleName, d.Reader, d.Writer)));
            }
        }

        return found;
    }
}
