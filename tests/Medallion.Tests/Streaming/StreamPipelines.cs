using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Tests.Streaming;

/// <summary>Pipelines with a stream, each with a hub of its name.</summary>
internal static class StreamPipelines
{
    public const string Sales = """
        sources:
          sales:
            connector: eventhub
            hub: $
            land: every batch
            key: [id]
            columns:
              id: {type: bigint, required: true}
              amount: {type: "decimal(18,2)", required: true, min: 0}
              seen: {type: timestamp}
        """;

    public static async Task<(TestPipeline Pipeline, TestHub Hub)> CreateAsync(MedallionFixture medallion, string yaml, int partitions = 2, params (string Table, string Sql)[] models)
    {
        var created = await TestPipeline.CreateAsync(medallion, yaml, models);
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(new StreamOptions { Hub = created.Name }));
        return (created.On(floor), new TestHub(created.Name, partitions));
    }

    // As the trigger does: what failed in passing is delivered again.
    public static async Task RetriedAsync(Func<Task> deliver)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await deliver();
                return;
            }
            catch (TransientException) when (attempt < 20)
            {
                await Task.Delay(50 * attempt, TestContext.Current.CancellationToken);
            }
        }
    }
}
