using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Reads the header Link (RFC 8288).</summary>
internal static partial class LinkHeader
{
    /// <summary>The URL of the relation <c>next</c>; null: there is none.</summary>
    public static string? Next(string header) => Links().Matches(header).FirstOrDefault(IsNext)?.Groups["url"].Value;

    // A link has several relations where they are quoted, apart by spaces.
    private static bool IsNext(Match link) => Attributes().Matches(link.Groups["rest"].Value).FirstOrDefault(a => a.Groups["name"].Value.Equals("rel", StringComparison.OrdinalIgnoreCase)) is { } found
        && found.Groups["value"].Value.Trim('"').Split(' ').Contains("next", StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex("""<(?<url>[^>]*)>(?<rest>(?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:"[^"]*"|[^",;\s]*))?)*)""", RegexOptions.NonBacktracking)]
    private static partial Regex Links();

    [GeneratedRegex("""\s*;\s*(?<name>[^\s=;,]+)\s*(?:=\s*(?<value>"[^"]*"|[^",;\s]*))?""", RegexOptions.NonBacktracking)]
    private static partial Regex Attributes();
}
