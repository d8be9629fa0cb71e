using System.Globalization;
using Microsoft.AspNetCore.Http;
using Pipeline.App.Api;
using Pipeline.Medallion.Schemas;

namespace Pipeline.App.Schemas;

/// <summary>Reads what a request to the registry says.</summary>
internal static class RegistryRequest
{
    /// <summary>A subject of the route: the host decodes all but an escaped '/'.</summary>
    public static string Subject(string segment) => segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>An id of the route.</summary>
    /// <exception cref="SchemaRegistryException">It is no number, so no schema has it (40403).</exception>
    public static int Id(string segment) =>
        int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw SchemaRegistryException.IdNotFound(segment);

    /// <summary>The body as JSON.</summary>
    /// <exception cref="BadRequestException">It is not that JSON, or too large.</exception>
    public static Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken) => Requests.ReadAsync<T>(request, "docs/schemas.md", cancellationToken);

    /// <summary>A switch of the query string; false unless it says true.</summary>
    public static bool Flag(HttpRequest request, string name) => string.Equals(request.Query[name], "true", StringComparison.OrdinalIgnoreCase);
}
