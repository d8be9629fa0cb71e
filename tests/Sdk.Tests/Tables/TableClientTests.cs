using Azure;
using Azure.Data.Tables;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Tables;

public sealed class TableClientTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TableClient table = new(azurite.ConnectionString, $"t{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync() => await table.CreateAsync();

    public async ValueTask DisposeAsync() => await table.DeleteAsync();

    [Fact]
    public async Task CreateIfNotExistsAsync_TableExists_AnswersWithoutError()
    {
        Assert.Equal(table.Name, (await table.CreateIfNotExistsAsync()).Value.Name);
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => table.CreateAsync());
        Assert.Equal((409, "TableAlreadyExists"), (error.Status, error.ErrorCode));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("it's a 'quote'")]
    [InlineData("percent % and space, ünïcode + & = ;")]
    [InlineData("")]
    public async Task GetEntityAsync_AnyKey_FindsTheEntity(string key)
    {
        await table.AddEntityAsync(new TableEntity(key, key) { ["Text"] = "x" });

        Assert.Equal(key, (await table.GetEntityAsync<TableEntity>(key, key)).Value.RowKey);
        var found = await table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {key}")).ToListAsync();
        Assert.Equal(key, Assert.Single(found).PartitionKey);
        await table.DeleteEntityAsync(key, key);
        Assert.False((await table.GetEntityIfExistsAsync<TableEntity>(key, key)).HasValue);
    }

    [Fact]
    public async Task AddEntityAsync_EntityExists_ThrowsConflict()
    {
        var entity = new TableEntity("p", "r");
        var added = await table.AddEntityAsync(entity);
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(entity));

        Assert.NotNull(added.Headers.ETag);
        Assert.Equal((409, "EntityAlreadyExists"), (error.Status, error.ErrorCode));
    }

    [Fact]
    public async Task UpdateEntityAsync_OldETag_ThrowsPreconditionFailed()
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["Number"] = 1, ["Other"] = "kept" });
        var first = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        await table.UpdateEntityAsync(new TableEntity("p", "r") { ["Number"] = 2 }, first.ETag);

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => table.UpdateEntityAsync(new TableEntity("p", "r") { ["Number"] = 3 }, first.ETag));

        Assert.Equal((412, "UpdateConditionNotSatisfied"), (error.Status, error.ErrorCode));
        var merged = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal((2, "kept"), (merged.GetInt32("Number"), merged.GetString("Other")));
    }

    [Fact]
    public async Task UpdateEntityAsync_NoEntity_ThrowsNotFound()
    {
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => table.UpdateEntityAsync(new TableEntity("p", "absent"), ETag.All));
        Assert.Equal(404, error.Status);
        await Assert.ThrowsAsync<ArgumentException>(() => table.UpdateEntityAsync(new TableEntity("p", "absent"), default));
    }

    [Fact]
    public async Task UpsertEntityAsync_Replace_DropsOtherProperties()
    {
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["First"] = 1 });
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["Second"] = 2 });
        Assert.Equal(1, (await table.GetEntityAsync<TableEntity>("p", "r")).Value.GetInt32("First"));

        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["Second"] = 2 }, TableUpdateMode.Replace);

        Assert.False((await table.GetEntityAsync<TableEntity>("p", "r")).Value.ContainsKey("First"));
    }

    [Fact]
    public async Task DeleteEntityAsync_AbsentOrChanged_IsQuietOrThrows()
    {
        Assert.Equal(404, (await table.DeleteEntityAsync("p", "absent")).Status);
        await table.AddEntityAsync(new TableEntity("p", "r"));
        var old = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["Number"] = 1 });

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => table.DeleteEntityAsync(old, old.ETag));

        Assert.Equal(412, error.Status);
        Assert.Equal(204, (await table.DeleteEntityAsync(old)).Status);
    }

    [Fact]
    public async Task GetEntityIfExistsAsync_Absent_HasNoValue()
    {
        Assert.False((await table.GetEntityIfExistsAsync<TableEntity>("p", "absent")).HasValue);
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => table.GetEntityAsync<TableEntity>("p", "absent"));
        Assert.Equal(404, error.Status);
    }

    [Fact]
    public async Task AddEntityAsync_TwentyAtOnce_OneSucceeds()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            try
            {
                await table.AddEntityAsync(new TableEntity("p", "race") { ["Writer"] = number });
                return true;
            }
            catch (RequestFailedException error) when (error.Status == 409)
            {
                return false;
            }
        }));

        Assert.Single(outcomes, won => won);
    }
}
