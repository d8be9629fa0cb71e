namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Parameters of URLs.</summary>
internal static class QueryText
{
    /// <summary>A URL with a parameter, in place of those that have its name.</summary>
    public static Uri With(Uri url, string name, string value)
    {
        var others = url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Where(p => !Uri.UnescapeDataString(p.Split('=')[0]).Equals(name, StringComparison.Ordinal));
        return new UriBuilder(url) { Query = string.Join('&', others.Append($"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}")), Fragment = "" }.Uri;
    }
}
