using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Streaming;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.Medallion.Tests.Streaming;

/// <summary>A hub of the test's own: it numbers events per partition, and delivers what the test asks for, as often as it asks. Events are of the source <c>sales</c> of the pipeline of its name,
/// unless they say otherwise.</summary>
internal sealed class TestHub(string name, int partitions = 2)
{
    private readonly List<StreamEvent>[] log = [.. Enumerable.Range(0, partitions).Select(_ => new List<StreamEvent>())];
    private DateTimeOffset time = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    public HubPartition Partition(int partition) => new(name, partition.ToString(CultureInfo.InvariantCulture));

    public void Send(int partition, object body, string? source = null) => Send(partition, JsonSerializer.SerializeToUtf8Bytes(body), source);

    public void Send(int partition, string body, string? source = null) => Send(partition, Encoding.UTF8.GetBytes(body), source);

    public void Send(int partition, byte[] body, string? source = null, string? schema = null)
    {
        time += TimeSpan.FromMilliseconds(1);
        log[partition].Add(new StreamEvent { Sequence = log[partition].Count, EnqueuedUtc = time, Body = body, Source = source switch { null => $"{name}.sales", "" => null, _ => source }, Schema = schema });
    }

    /// <summary>The broker forgets: numbers begin at 0 again.</summary>
    public void CreateAnew()
    {
        time += TimeSpan.FromSeconds(1);
        Array.ForEach(log, l => l.Clear());
    }

    /// <summary>Delivers events of a partition, from a number on.</summary>
    public Task DeliverAsync(IServiceProvider floor, int partition, int from = 0, int? count = null) => floor.GetRequiredService<StreamIngest>()
        .IngestAsync(Partition(partition), [.. log[partition].Skip(from).Take(count ?? int.MaxValue)], TestContext.Current.CancellationToken);

    /// <summary>What was sent to a partition.</summary>
    public IReadOnlyList<StreamEvent> Log(int partition) => [.. log[partition]];

    /// <summary>Shows events of a partition to the live aggregates.</summary>
    public Task<IReadOnlyList<LiveAnswer>> WatchAsync(IServiceProvider floor, int partition) =>
        floor.GetRequiredService<LiveWatch>().WatchAsync(Partition(partition), log[partition], TestContext.Current.CancellationToken);
}
