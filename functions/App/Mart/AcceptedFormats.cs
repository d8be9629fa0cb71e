using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Pipeline.App.Api;
using Pipeline.Medallion.Mart;

namespace Pipeline.App.Mart;

/// <summary>The format that a request accepts.</summary>
internal static class AcceptedFormats
{
    private static readonly IReadOnlyList<(string Type, MartFormat Format)> Known =
    [
        ("application/json", MartFormat.Json),
        ("text/csv", MartFormat.Csv),
        ("application/vnd.apache.parquet", MartFormat.Parquet),
    ];

    /// <summary>The media types that there are.</summary>
    public static IReadOnlyList<string> Types { get; } = [.. Known.Select(k => k.Type)];

    /// <summary>The media type of a format.</summary>
    public static string TypeOf(MartFormat format) => Known.First(k => k.Format == format).Type;

    /// <summary>The format that the request likes best of those there are; JSON where it says nothing.</summary>
    /// <exception cref="NotAcceptableException">It accepts none of them.</exception>
    public static MartFormat Of(HttpRequest request)
    {
        var accepted = request.Headers.Accept;
        if (accepted.Count == 0 || !MediaTypeHeaderValue.TryParseList([.. accepted.OfType<string>()], out var types))
        {
            return MartFormat.Json;
        }

        foreach (var type in types.OrderByDescending(t => t.Quality ?? 1).Where(t => t.Quality is not 0))
        {
            foreach (var (name, format) in Known)
            {
                if (MediaTypeHeaderValue.Parse(name).IsSubsetOf(type))
                {
                    return format;
                }
            }
        }

        throw new NotAcceptableException($"The request accepts {string.Join(", ", accepted.AsEnumerable())}: the answer can be {string.Join(", ", Types)}.");
    }
}

/// <summary>A request that accepts no format there is.</summary>
public sealed class NotAcceptableException(string message) : BadRequestException(message);
