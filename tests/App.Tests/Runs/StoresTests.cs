using Azure.Data.Tables;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Tests.Runs;

/// <summary>What activities and requests see of a storage that does not answer.</summary>
public sealed class StoresTests
{
    /// <summary>Nobody listens there.</summary>
    private const string Nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;";

    [Fact]
    public async Task Stores_StorageIsDown_FailTransiently()
    {
        var options = new TableClientOptions();
        options.Retry.MaxRetries = 0;
        var tables = new TableServiceClient(Nowhere, options);
        var (runs, steps) = (new RunStore(tables, TimeProvider.System), new StepStore(tables, TimeProvider.System));
        Func<Task>[] calls =
        [
            () => runs.ClaimAsync(RunRequest.For("p"), (_, _) => Task.FromResult<bool?>(null), CancellationToken.None),
            () => runs.FindAsync("p.1", CancellationToken.None),
            () => runs.ListAsync("p", 10, CancellationToken.None),
            () => runs.HoldsAsync("p.1", CancellationToken.None),
            () => steps.BeginAsync("p.1", new TableKey("silver", "a"), CancellationToken.None),
            () => steps.ListAsync("p.1", CancellationToken.None),
        ];

        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<TransientException>(call);
            Assert.Matches("(reading|writing) table (runs|steps)", error.Message);
        }
    }
}
