using System.Text.Json;

namespace Pipeline.Medallion.Events;

/// <summary>Something that happened, as the log has it.</summary>
public sealed record PipelineEvent
{
    /// <summary>Its place in the log, from 1. Whoever has seen a number has seen all below it.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset TimeUtc { get; init; }

    /// <summary>What happened, from the general to the particular: <c>run.failed</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Where: a pipeline, or <c>pipeline/layer.table</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The run that it happened in.</summary>
    public string? RunId { get; init; }

    /// <summary>What it happened to: a table, or a subject of the schema registry.</summary>
    public string? Subject { get; init; }

    /// <summary>The same in words.</summary>
    public required string Message { get; init; }

    /// <summary>Values that belong to it.</summary>
    public IReadOnlyDictionary<string, JsonElement> Data { get; init; } = EventData.None;
}

/// <summary>Something that happened, before the log has it.</summary>
public sealed record NewEvent
{
    /// <inheritdoc cref="PipelineEvent.Type"/>
    public required string Type { get; init; }

    /// <inheritdoc cref="PipelineEvent.Source"/>
    public required string Source { get; init; }

    /// <inheritdoc cref="PipelineEvent.RunId"/>
    public string? RunId { get; init; }

    /// <inheritdoc cref="PipelineEvent.Subject"/>
    public string? Subject { get; init; }

    /// <summary>The same in words; of more than 2,000 characters the first are kept.</summary>
    public required string Message { get; init; }

    /// <summary>Values that belong to it; as JSON at most 8,000 characters.</summary>
    public IReadOnlyDictionary<string, JsonElement> Data { get; init; } = EventData.None;

    /// <summary>What tells it from any other event: of several with the same key the log takes the first. Null: it is an event of its own each time.</summary>
    public string? Key { get; init; }
}

/// <summary>Values of an event.</summary>
public static class EventData
{
    /// <summary>No values.</summary>
    public static IReadOnlyDictionary<string, JsonElement> None { get; } = new Dictionary<string, JsonElement>();

    /// <summary>Values by name; those that are null are left out.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Of(params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var data = new Dictionary<string, JsonElement>();
        foreach (var (name, value) in values)
        {
            if (value is not null)
            {
                data[name] = JsonSerializer.SerializeToElement(value, Json.Options);
            }
        }

        return data;
    }
}

/// <summary>A stretch of the log, oldest first.</summary>
/// <param name="Events">The events that were asked for.</param>
/// <param name="Last">The number to go on from: everything up to it was looked at, also where nothing fitted.</param>
public sealed record EventPage(IReadOnlyList<PipelineEvent> Events, long Last);
