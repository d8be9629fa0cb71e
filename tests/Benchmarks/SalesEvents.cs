using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pipeline.Local.Emulators;

namespace Pipeline.Benchmarks;

/// <summary>Sends sales to the broker; of a hundred one is refused by a rule.</summary>
internal sealed class SalesEvents : IDisposable
{
    // Of what nobody has read the broker keeps 5 MiB and 100,000 records of a partition.
    // Keys do not fill partitions alike: the fullest has half as much again as most.
    private const int MostUnread = 350_000;
    private static readonly TimeSpan Drained = TimeSpan.FromSeconds(60);
    private readonly IProducer<string, byte[]> producer;

    public SalesEvents(Broker broker) => producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
    {
        BootstrapServers = broker.BootstrapServers,
        LingerMs = 5,
        QueueBufferingMaxMessages = 200_000,
    }).Build();

    /// <summary>How many are rejected of the first so many.</summary>
    public static long RejectedOf(long events) => (events + 99) / 100;

    /// <summary>Sends events.</summary>
    /// <param name="count">How many, from number 0.</param>
    /// <param name="rate">How many a second; 0: as fast as it goes.</param>
    /// <param name="committed">How many are in the tables: sending does not run away from it.</param>
    /// <param name="sent">Told the number of each before it is sent; null: nobody is.</param>
    public async Task SendAsync(long count, int rate, Func<long> committed, Action<long>? sent)
    {
        var watch = Stopwatch.StartNew();
        for (var id = 0L; id < count; id++)
        {
            while ((rate > 0 && id >= watch.Elapsed.TotalSeconds * rate) || id - committed() > MostUnread)
            {
                await Task.Delay(1);
            }

            sent?.Invoke(id);
            Produce(id);
        }

        producer.Flush(Drained);
    }

    public void Dispose() => producer.Dispose();

    private void Produce(long id)
    {
        var quantity = id % 100 == 0 ? -1 : (id % 50) + 1;
        var body = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"event_id": {{id}}, "customer_id": "ALFKI", "country": "Germany", "product_id": {{(id % 77) + 1}}, "quantity": {{quantity}}, "unit_price": 12.5, "discount": 0.05, "sold_at": "{{DateTimeOffset.UtcNow:O}}"}""");
        var message = new Message<string, byte[]> { Key = (id % 10_000).ToString(CultureInfo.InvariantCulture), Value = Encoding.UTF8.GetBytes(body), Headers = new Headers { { "source", "stream.sales"u8.ToArray() } } };
        while (true)
        {
            try
            {
                producer.Produce("events", message);
                return;
            }
            catch (ProduceException<string, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
            }
        }
    }
}
