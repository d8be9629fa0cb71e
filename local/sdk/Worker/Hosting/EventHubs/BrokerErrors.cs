using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

/// <summary>Logs what goes wrong with the broker: an error of each kind at once, and again at most every half minute, for a client tries ten times a second.</summary>
internal sealed class BrokerErrors(string function, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<ErrorCode, DateTimeOffset> told = new();

    public void Tell(Error error)
    {
        var now = time.GetUtcNow();
        if (!told.TryGetValue(error.Code, out var last) || now - last >= Quiet)
        {
            told[error.Code] = now;
            log.BrokerError(function, error.Reason);
        }
    }
}
