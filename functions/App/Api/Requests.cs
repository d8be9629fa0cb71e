using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pipeline.Medallion.Definitions;

namespace Pipeline.App.Api;

/// <summary>Reads what a request says.</summary>
internal static class Requests
{
    private const long BodyLimitBytes = 1 << 20;

    /// <summary>The body as JSON; an empty body is the type's default.</summary>
    /// <exception cref="BadRequestException">It is not that JSON, or too large.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : new()
    {
        if (request.ContentLength > BodyLimitBytes)
        {
            throw new BadRequestException($"The body has {request.ContentLength} bytes: expected at most {BodyLimitBytes}.");
        }

        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        if (body.Length == 0)
        {
            return new T();
        }

        try
        {
            return JsonSerializer.Deserialize<T>(body.GetBuffer().AsSpan(0, (int)body.Length), Medallion.Json.Options) ?? new T();
        }
        catch (JsonException error)
        {
            throw new BadRequestException($"The body is not the JSON expected: {error.Message}", error);
        }
    }

    /// <summary>A number of the query string.</summary>
    /// <exception cref="BadRequestException">It is no number in the range.</exception>
    public static long? Number(HttpRequest request, string name, long min, long max)
    {
        var text = request.Query[name].ToString();
        return text.Length == 0 ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number
            : throw new BadRequestException($"'{name}' is '{text}': expected a whole number from {min} to {max}.");
    }

    /// <summary>A table named by the route.</summary>
    /// <exception cref="BadRequestException">It is no table's name.</exception>
    public static TableKey Table(string layer, string table) => TableKey.TryParse($"{layer}.{table}", out var key)
        ? key
        : throw new BadRequestException($"'{layer}/…/{table}' is not a table: the layer is one of {string.Join(", ", TableKey.Layers)}, the name of lower-case letters, digits and '_'.");

    /// <summary>A table named <c>layer.name</c>.</summary>
    /// <exception cref="BadRequestException">It is no table's name.</exception>
    public static TableKey Table(string text) =>
        TableKey.TryParse(text, out var key) ? key : throw new BadRequestException($"'{text}' is not a table: expected layer.name, such as silver.orders.");
}
