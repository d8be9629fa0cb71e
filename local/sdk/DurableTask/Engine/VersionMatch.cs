namespace Microsoft.DurableTask.Engine;

/// <summary>Which instances a version of the app may go on with, as host.json names it.</summary>
internal enum VersionMatch
{
    /// <summary>All.</summary>
    None,

    /// <summary>Those of the same version.</summary>
    Strict,

    /// <summary>Those of the same version and of older ones.</summary>
    CurrentOrOlder,
}

/// <summary>Compares versions of orchestrations.</summary>
internal static class OrchestrationVersions
{
    /// <summary>Whether an app may go on with an instance.</summary>
    public static bool Fits(VersionMatch match, string instance, string app) => match switch
    {
        VersionMatch.Strict => Compare(instance, app) == 0,
        VersionMatch.CurrentOrOlder => Compare(instance, app) <= 0,
        _ => true,
    };

    // An empty version is the oldest; what is no version number is compared as text.
    private static int Compare(string a, string b) =>
        a.Length == 0 || b.Length == 0 ? a.Length.CompareTo(b.Length)
        : Parse(a) is { } x && Parse(b) is { } y ? x.CompareTo(y)
        : string.Compare(a, b, StringComparison.OrdinalIgnoreCase);

    private static Version? Parse(string text) => Version.TryParse(text.Contains('.', StringComparison.Ordinal) ? text : $"{text}.0", out var version) ? version : null;
}
