using System.Reflection;

namespace Pipeline.Local.Emulators;

/// <summary>Where the build has put things.</summary>
internal static class BuildMetadata
{
    public static string Of(string key) => typeof(BuildMetadata).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value
        ?? throw new InvalidOperationException($"The assembly was built without {key}.");
}
