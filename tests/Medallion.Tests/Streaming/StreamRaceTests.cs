using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Tests.Streaming;

/// <summary>Two instances that clean the same events at the same time, as when a partition moves from one to the other.</summary>
public sealed class StreamRaceTests(StreamFixture medallion)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ingest_TwoInstancesRefuseTheSameEvents_EachIsRejectedOnce(bool hasTables)
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        var from = hasTables ? 2 : 0;
        for (var id = 0; id < from + 2; id++)
        {
            hub.Send(0, new { id, amount = id % 2 == 0 ? 1 : -1 });
        }

        if (hasTables)
        {
            await hub.DeliverAsync(pipeline.Floor, 0, 0, from);
        }

        // The first one commits bronze, rejected and silver, the second one rejected and silver.
        var (first, second) = (new HeldLake(pipeline.Lake, 2, 3), new HeldLake(pipeline.Lake, 1));
        var one = hub.DeliverAsync(Instance(first), 0, from);
        await first.ComesToAsync(2);
        var other = hub.DeliverAsync(Instance(second), 0, from);
        await second.ComesToAsync(1);
        first.Pass(2);
        await first.ComesToAsync(3);
        second.Pass(1);
        Assert.IsType<TransientException>(await Record.ExceptionAsync(() => other));
        first.Pass(3);
        await one;
        await StreamPipelines.RetriedAsync(() => hub.DeliverAsync(pipeline.Floor, 0));

        Assert.Equal($"{(from + 2) / 2}", await pipeline.ScalarAsync("select count(*) from silver.sales"));
        Assert.Equal($"{(from + 2) / 2}|{(from + 2) / 2}", await pipeline.ScalarAsync("select count(*), count(distinct row) from rejected.sales"));

        IServiceProvider Instance(ILake lake) => medallion.Compose(TimeProvider.System, services => services.AddSingleton(new StreamOptions { Hub = pipeline.Name }).AddSingleton(lake));
    }

    /// <summary>Holds an instance before some of its commits, counted from 1.</summary>
    private sealed class HeldLake(ILake lake, params int[] commits) : LakeDecorator(lake)
    {
        private readonly ConcurrentDictionary<int, (TaskCompletionSource There, TaskCompletionSource Pass)> gates = new(commits.Select(c => KeyValuePair.Create(
            c, (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)))));

        private int count;

        public Task ComesToAsync(int commit) => gates[commit].There.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        public void Pass(int commit) => gates[commit].Pass.SetResult();

        protected override async Task BeforeAsync(Call call, string path)
        {
            if (call == Call.Create && path.Contains("/_delta_log/", StringComparison.Ordinal) && gates.TryGetValue(Interlocked.Increment(ref count), out var gate))
            {
                gate.There.SetResult();
                await gate.Pass.Task;
            }
        }
    }
}
