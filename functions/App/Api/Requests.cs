using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Api;

/// <summary>Reads what a request says.</summary>
internal static class Requests
{
    private const int BodyLimitBytes = 1 << 20;
    private const int EchoCharacters = 200;
    private static readonly string[] TimeFormats = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    /// <summary>How a body is read: a field that is misspelt is refused, for nobody would notice that it had no effect.</summary>
    public static JsonSerializerOptions BodyOptions { get; } = new(Medallion.Json.Options)
    {
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The body as JSON; an empty body is an object without fields.</summary>
    /// <exception cref="BadRequestException">It is not that JSON, or too large.</exception>
    public static Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken) => ReadAsync<T>(request, "GET /api/openapi.json", cancellationToken);

    /// <summary>The body as JSON, for an operation that is described elsewhere.</summary>
    /// <exception cref="BadRequestException">It is not that JSON, or too large.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, string describedIn, CancellationToken cancellationToken)
    {
        try
        {
            var body = await BytesAsync(request, BodyLimitBytes, cancellationToken);
            var text = body.Length == 0 ? "{}"u8 : body.Span;
            return JsonSerializer.Deserialize<T>(text, BodyOptions) ?? throw new BadRequestException("The body is 'null': expected a JSON object.");
        }
        catch (TooLargeException error)
        {
            throw new BadRequestException(error.Message, error);
        }
        catch (JsonException error)
        {
            var reason = error.Message.Replace(typeof(T).FullName ?? "", typeof(T).Name, StringComparison.Ordinal);
            throw new BadRequestException($"The body is not the JSON expected: {reason} {describedIn} describes {typeof(T).Name}.", error);
        }
    }

    /// <summary>The body as it is.</summary>
    /// <exception cref="TooLargeException">It has more bytes than the operation takes.</exception>
    public static async Task<ReadOnlyMemory<byte>> BytesAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        var body = new byte[Math.Min(request.ContentLength ?? limit, limit) + 1];
        var length = await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
        return length > limit ? throw new TooLargeException($"The body has more than {limit} bytes, which is the most this operation takes.") : body.AsMemory(0, length);
    }

    /// <summary>A yes or no of the query string; without it no.</summary>
    /// <exception cref="BadRequestException">It is neither.</exception>
    public static bool Flag(HttpRequest request, string name)
    {
        var text = request.Query[name].ToString();
        return text.Length != 0 && (bool.TryParse(text, out var flag) ? flag : throw new BadRequestException($"'{name}' is '{Echo(text)}': expected true or false."));
    }

    /// <summary>A number of the query string.</summary>
    /// <exception cref="BadRequestException">It is no number in the range.</exception>
    public static long? Number(HttpRequest request, string name, long min, long max)
    {
        var text = request.Query[name].ToString();
        return text.Length == 0 ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number
            : throw new BadRequestException($"'{name}' is '{Echo(text)}': expected a whole number from {min} to {max}.");
    }

    /// <summary>A time of the query string; without an offset it is UTC.</summary>
    /// <exception cref="BadRequestException">It is no time.</exception>
    public static DateTimeOffset? Time(HttpRequest request, string name)
    {
        // A '+' that was not escaped arrives as a blank.
        var text = request.Query[name].ToString().Replace(' ', '+');
        return text.Length == 0 ? null
            : DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
            : throw new BadRequestException($"'{name}' is '{Echo(text)}': expected an ISO 8601 time such as 2026-01-31T08:30:00Z or a date.");
    }

    /// <summary>A name of the query string, null if it is not there.</summary>
    public static string? Text(HttpRequest request, string name) => request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>Who asks, as App Service Authentication tells it; null where it does not stand before the app.</summary>
    public static string? Caller(HttpRequest request) => request.Headers["X-MS-CLIENT-PRINCIPAL-NAME"].ToString() is { Length: > 0 } name ? Echo(name) : null;

    /// <summary>A table named by the route.</summary>
    /// <exception cref="BadRequestException">It is no table's name.</exception>
    public static TableKey Table(string layer, string table) => TableKey.TryParse($"{layer}.{table}", out var key)
        ? key
        : throw new BadRequestException(
            $"'{Echo(layer)}/…/{Echo(table)}' is not a table: the layer is one of {string.Join(", ", TableKey.Layers)}, the name of lower-case letters, digits and '_'.");

    /// <summary>A table named <c>layer.name</c>.</summary>
    /// <exception cref="BadRequestException">It is no table's name.</exception>
    public static TableKey Table([AllowNull] string text) => TableKey.TryParse(text ?? "", out var key)
        ? key
        : throw new BadRequestException($"'{Echo(text ?? "null")}' is not a table: expected layer.name, such as silver.orders.");

    /// <summary>Steps named by the table they make, such as <c>silver.orders</c> or <c>silver.orders+</c>.</summary>
    /// <exception cref="BadRequestException">It names no table.</exception>
    public static StepSelector Steps([AllowNull] string text) => StepSelector.TryParse(text ?? "", out var selector)
        ? selector
        : throw new BadRequestException($"'{Echo(text ?? "null")}' is not a step: expected layer.name, such as silver.orders, or silver.orders+ for all that follows from it too.");

    /// <summary>A range of days, months or years.</summary>
    /// <exception cref="BadRequestException">It is none.</exception>
    public static DateRange Range([AllowNull] string from, [AllowNull] string to)
    {
        try
        {
            return DateRange.Parse(Echo(from ?? ""), Echo(to ?? ""));
        }
        catch (FormatException error)
        {
            throw new BadRequestException(error.Message, error);
        }
    }

    private static string Echo(string text) => text.Length > EchoCharacters ? string.Concat(text.AsSpan(0, EchoCharacters), "…") : text;
}
