using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Tests;

public sealed class StorageProxyTests(RehearsalFixture fixture)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plain.txt")]
    [InlineData("a folder/ü+&=(1)'%20.txt")]
    public async Task Pass_SignedRequests_ArriveAsTheyWereSent(string name)
    {
        await using var proxy = await StorageProxy.StartAsync(fixture.Emulator.Azurite, Stop);
        var container = await ContainerAsync(proxy);

        await container.GetBlobClient(name).UploadAsync(BinaryData.FromString("content"), Stop);

        Assert.Equal("content", (await container.GetBlobClient(name).DownloadContentAsync(Stop)).Value.Content.ToString());
        Assert.Equal(name, Assert.Single(await container.GetBlobsAsync(cancellationToken: Stop).ToListAsync(Stop)).Name);
        Assert.Equal(2, proxy.Writes);
    }

    [Fact]
    public async Task Arm_LostAnswer_TheWriteIsDoneAndTheClientDoesNotLearnIt()
    {
        await using var proxy = await StorageProxy.StartAsync(fixture.Emulator.Azurite, Stop);
        var container = await ContainerAsync(proxy);
        proxy.Arm(new Repeatedly(Fault.Cut, Moment.After, request => request.IsWrite, every: null));

        // The client repeats the write, and is told that it is done.
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => container.GetBlobClient("once").UploadAsync(BinaryData.FromString("content"), IfAbsent(), Stop));

        Assert.Equal(409, error.Status);
        Assert.Equal(2, proxy.Writes);
    }

    [Fact]
    public async Task Arm_Busy_StorageNeverSeesTheWrite()
    {
        await using var proxy = await StorageProxy.StartAsync(fixture.Emulator.Azurite, Stop);
        var container = await ContainerAsync(proxy);
        var faults = new Repeatedly(Fault.Busy, Moment.Before, request => request.IsWrite, every: null);
        proxy.Arm(faults);

        await container.GetBlobClient("once").UploadAsync(BinaryData.FromString("content"), IfAbsent(), Stop);

        Assert.Equal(1, faults.Failed);
        Assert.Equal(2, proxy.Writes);
    }

    [Theory]
    [InlineData(Fault.Occupied, 409)]
    [InlineData(Fault.Changed, 412)]
    public async Task Arm_Conflict_BlobsAndTransactionsAreRefused(Fault fault, int status)
    {
        await using var proxy = await StorageProxy.StartAsync(fixture.Emulator.Azurite, Stop);
        var container = await ContainerAsync(proxy);
        var table = new TableServiceClient(proxy.ConnectionString(fixture.Emulator.TakeAccount())).GetTableClient("refused");
        await table.CreateIfNotExistsAsync(Stop);
        proxy.Arm(new Repeatedly(fault, Moment.Before, request => request.IsWrite, every: 1));

        var blob = await Assert.ThrowsAsync<RequestFailedException>(() => container.GetBlobClient("refused").UploadAsync(BinaryData.FromString("content"), IfAbsent(), Stop));
        var transaction = await Assert.ThrowsAsync<TableTransactionFailedException>(
            () => table.SubmitTransactionAsync([new TableTransactionAction(TableTransactionActionType.UpsertReplace, new TableEntity("a", "b"))], Stop));

        Assert.Equal((status, status), (blob.Status, transaction.Status));
    }

    private static BlobUploadOptions IfAbsent() => new() { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };

    private async Task<BlobContainerClient> ContainerAsync(StorageProxy proxy)
    {
        var container = new BlobContainerClient(proxy.ConnectionString(fixture.Emulator.TakeAccount()), "container");
        await container.CreateAsync(cancellationToken: Stop);
        return container;
    }
}
