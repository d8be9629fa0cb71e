using Azure.Data.Tables;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Tables;

public sealed class TableQueryTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TableClient table = new(azurite.ConnectionString, $"t{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync()
    {
        await table.CreateAsync();
        foreach (var part in Enumerable.Range(0, 250).Chunk(100))
        {
            await table.SubmitTransactionAsync(part.Select(number => new TableTransactionAction(
                TableTransactionActionType.Add,
                new TableEntity("p", $"{number:d4}") { ["Number"] = number, ["Name"] = number % 2 == 0 ? "it's even" : "odd", ["Id"] = (long)number })));
        }
    }

    public async ValueTask DisposeAsync() => await table.DeleteAsync();

    [Fact]
    public async Task QueryAsync_MoreThanAPage_FollowsContinuations()
    {
        var pages = await table.QueryAsync<TableEntity>(maxPerPage: 60).AsPages().ToListAsync();

        Assert.Equal([60, 60, 60, 60, 10], pages.Select(page => page.Values.Count));
        Assert.Equal(Enumerable.Range(0, 250), pages.SelectMany(page => page.Values).Select(entity => entity.GetInt32("Number")!.Value));
        Assert.Null(pages[^1].ContinuationToken);
    }

    [Fact]
    public async Task QueryAsync_ContinuationToken_GoesOnWhereItEnded()
    {
        var query = table.QueryAsync<TableEntity>(maxPerPage: 100);
        var first = await query.AsPages().FirstAsync();
        var rest = await query.AsPages(first.ContinuationToken).SelectMany(page => page.Values).ToListAsync();

        Assert.Equal(150, rest.Count);
        Assert.Equal("0100", rest[0].RowKey);
    }

    [Fact]
    public async Task QueryAsync_FilterWithQuotes_ComparesTheText()
    {
        var name = "it's even";
        var found = await table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"Name eq {name} and Number ge {10} and Number lt {20}")).ToListAsync();
        Assert.Equal(["0010", "0012", "0014", "0016", "0018"], found.Select(entity => entity.RowKey));
    }

    [Fact]
    public async Task QueryAsync_FilterByLong_ComparesTheNumber() =>
        Assert.Equal("0200", Assert.Single(await table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"Id eq {200L}")).ToListAsync()).RowKey);

    [Fact]
    public async Task QueryAsync_Select_ReturnsOnlyThoseProperties()
    {
        var entity = await table.QueryAsync<TableEntity>("RowKey eq '0007'", select: ["RowKey", "Number"]).SingleAsync();
        Assert.Equal(7, entity.GetInt32("Number"));
        Assert.False(entity.ContainsKey("Name"));
    }

    [Fact]
    public void CreateQueryFilter_EachType_WritesItsLiteral()
    {
        var time = new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.FromHours(2));
        var id = Guid.Parse("00000000-0000-0000-0000-000000000001");
        Assert.Equal(
            "A eq 'o''x' and B eq true and C eq 1 and D eq 2L and E eq 0.5 and F eq datetime'2024-02-29T10:00:00.0000000Z' and G eq guid'00000000-0000-0000-0000-000000000001' and H eq X'0AFF'",
            TableClient.CreateQueryFilter($"A eq {"o'x"} and B eq {true} and C eq {1} and D eq {2L} and E eq {0.5} and F eq {time} and G eq {id} and H eq {new byte[] { 10, 255 }}"));
    }
}
