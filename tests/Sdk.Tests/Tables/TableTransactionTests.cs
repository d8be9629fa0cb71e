using Azure;
using Azure.Data.Tables;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Tables;

public sealed class TableTransactionTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TableClient table = new(azurite.ConnectionString, $"t{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync() => await table.CreateAsync();

    public async ValueTask DisposeAsync() => await table.DeleteAsync();

    [Fact]
    public async Task SubmitTransactionAsync_AllTypes_DoesThemAll()
    {
        foreach (var key in new[] { "merge", "replace", "delete" })
        {
            await table.AddEntityAsync(new TableEntity("p", key) { ["Old"] = 1 });
        }

        var merge = (await table.GetEntityAsync<TableEntity>("p", "merge")).Value;
        var answers = await table.SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, new TableEntity("p", "add ü 'x'") { ["New"] = "ü" }),
            new(TableTransactionActionType.UpdateMerge, new TableEntity("p", "merge") { ["New"] = 2 }, merge.ETag),
            new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "replace") { ["New"] = 2 }),
            new(TableTransactionActionType.Delete, new TableEntity("p", "delete")),
            new(TableTransactionActionType.UpsertMerge, new TableEntity("p", "upsert1") { ["New"] = 2 }),
            new(TableTransactionActionType.UpsertReplace, new TableEntity("p", "upsert2") { ["New"] = 2 }),
        ]);

        Assert.Equal(Enumerable.Repeat(204, 6), answers.Value.Select(answer => answer.Status));
        var entities = await table.QueryAsync<TableEntity>().ToListAsync();
        Assert.Equal(["add ü 'x'", "merge", "replace", "upsert1", "upsert2"], entities.Select(entity => entity.RowKey).Order(StringComparer.Ordinal));
        Assert.Equal("ü", entities.Single(entity => entity.RowKey.StartsWith("add", StringComparison.Ordinal)).GetString("New"));
        Assert.Equal(["merge"], entities.Where(entity => entity.ContainsKey("Old")).Select(entity => entity.RowKey));
        Assert.Equal(entities.Single(entity => entity.RowKey == "merge").ETag, answers.Value[1].Headers.ETag);
    }

    [Fact]
    public async Task SubmitTransactionAsync_OneExists_DoesNothingAndNamesIt()
    {
        await table.AddEntityAsync(new TableEntity("p", "2"));

        var error = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(
            Enumerable.Range(0, 5).Select(number => new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("p", $"{number}")))));

        Assert.Equal((409, "EntityAlreadyExists", 2), (error.Status, error.ErrorCode, error.FailedTransactionActionIndex));
        Assert.Equal("2", Assert.Single(await table.QueryAsync<TableEntity>().ToListAsync()).RowKey);
    }

    [Fact]
    public async Task SubmitTransactionAsync_OldETag_DoesNothingAndNamesIt()
    {
        await table.AddEntityAsync(new TableEntity("p", "r"));
        var old = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["Number"] = 1 });

        var error = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, new TableEntity("p", "other")),
            new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "r"), old.ETag),
        ]));

        Assert.Equal((412, 1), (error.Status, error.FailedTransactionActionIndex));
        Assert.False((await table.GetEntityIfExistsAsync<TableEntity>("p", "other")).HasValue);
    }

    [Fact]
    public async Task SubmitTransactionAsync_Empty_Throws() => await Assert.ThrowsAsync<InvalidOperationException>(() => table.SubmitTransactionAsync([]));

    [Fact]
    public async Task SubmitTransactionAsync_NoTable_ThrowsNotFound()
    {
        var absent = new TableClient(azurite.ConnectionString, "absent");
        var error = await Assert.ThrowsAnyAsync<RequestFailedException>(() => absent.SubmitTransactionAsync([new(TableTransactionActionType.Add, new TableEntity("p", "r"))]));
        Assert.Equal((404, "TableNotFound"), (error.Status, error.ErrorCode));
    }
}
