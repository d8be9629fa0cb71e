using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Pipeline.Medallion;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.App.Push;

/// <summary>Live aggregates as messages to all who listen.</summary>
internal static class LiveMessages
{
    /// <summary>The target of these messages.</summary>
    public const string Target = "live";

    public static SignalRMessageAction Of(LiveAnswer aggregate) => new(Target, [JsonSerializer.SerializeToElement(aggregate, Json.Options)]);
}
