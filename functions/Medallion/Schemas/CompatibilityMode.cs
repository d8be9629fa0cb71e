using System.Text.Json;

namespace Pipeline.Medallion.Schemas;

/// <summary>What a new version must go with. The transitive ones look at every version, the others at the newest.</summary>
public enum CompatibilityMode
{
    /// <summary>Anything.</summary>
    None,

    /// <summary>Readers with the new schema read data of the newest version.</summary>
    Backward,

    /// <summary>Readers with the new schema read data of every version.</summary>
    BackwardTransitive,

    /// <summary>Readers of the newest version read data of the new schema.</summary>
    Forward,

    /// <summary>Readers of every version read data of the new schema.</summary>
    ForwardTransitive,

    /// <summary>Both with the newest version.</summary>
    Full,

    /// <summary>Both with every version.</summary>
    FullTransitive,
}

/// <summary>Modes as Confluent spells them.</summary>
public static class CompatibilityModes
{
    /// <summary>Confluent's name, such as <c>BACKWARD_TRANSITIVE</c>.</summary>
    public static string NameOf(CompatibilityMode mode) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(mode.ToString());

    /// <summary>The mode of a name, in upper or lower case.</summary>
    /// <exception cref="SchemaRegistryException">There is none of that name (42203).</exception>
    public static CompatibilityMode Parse(string? name)
    {
        foreach (var mode in Enum.GetValues<CompatibilityMode>())
        {
            if (NameOf(mode).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return mode;
            }
        }

        throw SchemaRegistryException.InvalidCompatibility(name);
    }

    internal static bool IsTransitive(CompatibilityMode mode) =>
        mode is CompatibilityMode.BackwardTransitive or CompatibilityMode.ForwardTransitive or CompatibilityMode.FullTransitive;

    internal static bool IsBackward(CompatibilityMode mode) =>
        mode is CompatibilityMode.Backward or CompatibilityMode.BackwardTransitive or CompatibilityMode.Full or CompatibilityMode.FullTransitive;

    internal static bool IsForward(CompatibilityMode mode) =>
        mode is CompatibilityMode.Forward or CompatibilityMode.ForwardTransitive or CompatibilityMode.Full or CompatibilityMode.FullTransitive;
}
