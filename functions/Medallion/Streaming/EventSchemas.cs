using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using Pipeline.Medallion.Schemas;

namespace Pipeline.Medallion.Streaming;

/// <summary>Which schema an event names, and whether the project's registry has it.</summary>
public sealed class EventSchemas
{
    // As Confluent's clients frame what they send: a zero, the id in four bytes, and then the text (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format).
    private const byte FrameBegin = 0;
    private const int FrameBytes = 5;

    // As Event Hubs' schema registry names it in the content type.
    private const string ContentTypePrefix = "application/json+";

    // Strangers may name any number of ids.
    private const int MostIds = 10_000;
    private static readonly TimeSpan UnknownAge = TimeSpan.FromSeconds(5);
    private readonly SchemaRegistry registry;
    private readonly TimeProvider clock;

    // When an id was not there; null: it is, and what an id means does not change.
    private readonly ConcurrentDictionary<int, DateTimeOffset?> ids = new();

    internal EventSchemas(SchemaRegistry registry, TimeProvider clock) => (this.registry, this.clock) = (registry, clock);

    /// <summary>The schema that an event's properties name: <c>schemaId</c>, <c>schema-id</c>, or the content type <c>application/json+ID</c>; null: none.</summary>
    /// <param name="contentType">The event's content type.</param>
    /// <param name="property">Gives a property by its name; null where there is none.</param>
    public static string? Named(string? contentType, Func<string, string?> property)
    {
        ArgumentNullException.ThrowIfNull(property);
        return property("schemaId") ?? property("schema-id") ?? OfContentType(contentType) ?? OfContentType(property("content-type"));
    }

    /// <summary>Takes the frame off events that have one. Those that name a schema which the registry does not have stay as they are, and say so.</summary>
    /// <exception cref="Lakehouse.TransientException">The registry did not answer.</exception>
    internal async Task<IReadOnlyList<StreamEvent>> DecodeAsync(IReadOnlyList<StreamEvent> events, CancellationToken cancellationToken)
    {
        if (!events.Any(e => e.Schema is not null || IsFramed(e.Body.Span)))
        {
            return events;
        }

        var decoded = new List<StreamEvent>(events.Count);
        foreach (var next in events)
        {
            decoded.Add(await DecodeAsync(next, cancellationToken));
        }

        return decoded;
    }

    /// <summary>Whether a body begins with a frame. No text of JSON does.</summary>
    internal static bool IsFramed(ReadOnlySpan<byte> body) => body.Length >= FrameBytes && body[0] == FrameBegin;

    private static string? OfContentType(string? contentType) =>
        contentType?.StartsWith(ContentTypePrefix, StringComparison.OrdinalIgnoreCase) == true && contentType[ContentTypePrefix.Length..].Split(';')[0].Trim() is { Length: > 0 } id ? id : null;

    private async ValueTask<StreamEvent> DecodeAsync(StreamEvent next, CancellationToken cancellationToken)
    {
        if (next.Schema is { } named && !(int.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && await IsKnownAsync(number, cancellationToken)))
        {
            return next with { UnknownSchema = named };
        }

        if (!IsFramed(next.Body.Span))
        {
            return next;
        }

        var id = BinaryPrimitives.ReadInt32BigEndian(next.Body.Span[1..]);
        return await IsKnownAsync(id, cancellationToken) ? next with { Body = next.Body[FrameBytes..] } : next with { UnknownSchema = id.ToString(CultureInfo.InvariantCulture) };
    }

    private async ValueTask<bool> IsKnownAsync(int id, CancellationToken cancellationToken)
    {
        if (ids.TryGetValue(id, out var missedUtc) && (missedUtc is not { } missed || clock.GetUtcNow() - missed < UnknownAge))
        {
            return missedUtc is null;
        }

        if (ids.Count >= MostIds)
        {
            ids.Clear();
        }

        try
        {
            await registry.UsesAsync(id, deleted: true, cancellationToken);
            ids[id] = null;
            return true;
        }
        catch (SchemaRegistryException)
        {
            ids[id] = clock.GetUtcNow();
            return false;
        }
    }
}
