using Pipeline.Medallion.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Sources.Database;

[Collection(PostgresTests.Name)]
public sealed class SqlSourceTests(MedallionFixture medallion, PostgresFixture postgres)
{
    private const string Orders = "create table orders (id int primary key, label text, amount numeric(10,2), updated_at timestamptz)";

    private const string Full = """
        sources:
          orders:
            connector: sql
            connection: shop
            table: @.orders
            load: full
            key: [id]
        """;

    private const string Incremental = """
        sources:
          orders:
            connector: sql
            connection: shop
            table: @.orders
            cursor: updated_at
            key: [id]
        """;

    private const string Silver = "select id, label, amount, updated_at::varchar from silver.orders order by id";

    [Fact]
    public async Task Run_FullTwice_ChangesNothing()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, $"{Orders}; insert into orders select i, 'n' || i, i, '2026-01-01' from generate_series(1, 3) i");
        var pipeline = await shop.PipelineAsync(Full);

        Assert.Equal(["bronze.orders", "silver.orders"], (await pipeline.SucceedAsync()).Built);
        Assert.Empty((await pipeline.SucceedAsync()).Built);
        await shop.ExecuteAsync("delete from orders where id = 2; update orders set amount = 9.5 where id = 3");
        Assert.Equal(["bronze.orders", "silver.orders"], (await pipeline.SucceedAsync()).Built);
        Assert.Equal(["1|n1|1.00|2026-01-01 00:00:00+00", "3|n3|9.50|2026-01-01 00:00:00+00"], await pipeline.QueryAsync(Silver));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_FullOfManyBatchesTwice_ChangesNothing()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, $"{Orders}; insert into orders select i, 'n' || i, i, '2026-01-01' from generate_series(1, 1000) i");
        var pipeline = await shop.PipelineAsync(Full, new SqlOptions { BatchBytes = 4096 });

        await pipeline.SucceedAsync();

        Assert.Empty((await pipeline.SucceedAsync()).Built);
        Assert.Equal(["1000|1000|500500.00"], await pipeline.QueryAsync("select count(*), count(distinct _row), sum(amount) from bronze.orders"));
        Assert.NotEqual("1", await pipeline.ScalarAsync("select count(distinct _row // 100) from bronze.orders"));
    }

    [Fact]
    public async Task Run_IncrementalWithTiesAtTheBoundary_TakesEachRowOnce()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, $"{Orders}; insert into orders select i, 'n' || i, i, '2026-01-01' from generate_series(1, 3) i");
        var pipeline = await shop.PipelineAsync(Incremental);
        await pipeline.SucceedAsync();
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        await shop.ExecuteAsync("insert into orders values (4, 'tie', 4, '2026-01-01'), (5, 'next', 5, '2026-01-02'), (6, 'none', 6, null)");
        await pipeline.SucceedAsync();

        Assert.Empty((await pipeline.SucceedAsync()).Built);
        Assert.Equal(["6|6"], await pipeline.QueryAsync("select count(*), count(distinct id) from bronze.orders"));
        Assert.Equal(await shop.QueryAsync("select id::text from orders order by orders.id"), await pipeline.QueryAsync("select id from silver.orders order by id"));
    }

    [Fact]
    public async Task Run_RowsWithoutAKeyAndOfTheSameContent_AreCounted()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (label text, seen int); insert into orders values ('a', 1), ('a', 1)");
        var pipeline = await shop.PipelineAsync(Incremental.Replace("updated_at", "seen", StringComparison.Ordinal).Replace("    key: [id]", "", StringComparison.Ordinal));
        await pipeline.SucceedAsync();
        await shop.ExecuteAsync("insert into orders values ('a', 1), ('b', 2)");

        await pipeline.SucceedAsync();

        Assert.Equal(["a|3", "b|1"], await pipeline.QueryAsync("select label, count(*) from silver.orders group by all order by 1"));
    }

    [Theory]
    [InlineData("timestamptz", "null", "null")]
    [InlineData("date", "'2026-01-01'", "'infinity'")]
    [InlineData("numeric", "9", "10")]
    [InlineData("text", "'B'", "'b'")]
    public async Task Run_CursorOfAnyKind_TakesEachRowOnce(string type, string one, string other)
    {
        var shop = await Shop.CreateAsync(medallion, postgres, $"create table orders (id int primary key, updated_at {type}); insert into orders values (1, {one}), (2, {other})");
        var pipeline = await shop.PipelineAsync(Incremental);
        await pipeline.SucceedAsync();
        Assert.Empty((await pipeline.SucceedAsync()).Built);
        await shop.ExecuteAsync($"insert into orders values (3, {other})");

        await pipeline.SucceedAsync();

        Assert.Equal(["3|3"], await pipeline.QueryAsync("select count(*), count(distinct id) from bronze.orders"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_LateCommitWithinTheLookback_IsTaken()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, $"{Orders}; insert into orders values (1, 'a', 1, '2026-01-01 10:00')");
        var pipeline = await shop.PipelineAsync(Incremental + "\n    lookback: 10m");
        await using var late = await shop.OpenAsync();
        await using var transaction = await late.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var insert = late.CreateCommand();
        insert.CommandText = "insert into orders values (2, 'late', 2, '2026-01-01 10:01')";
        await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await shop.ExecuteAsync("insert into orders values (3, 'c', 3, '2026-01-01 10:05')");
        await pipeline.SucceedAsync();
        Assert.Equal(["1", "3"], await pipeline.QueryAsync("select id from silver.orders order by id"));

        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        await pipeline.SucceedAsync();

        Assert.Equal(["1", "2", "3"], await pipeline.QueryAsync("select id from bronze.orders order by id"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("updated_at")]
    public async Task Run_SplitIntoRanges_TakesEachRowOnce(string column)
    {
        var shop = await Shop.CreateAsync(
            medallion, postgres, $"{Orders}; insert into orders select i, 'n', i, case when i % 10 > 0 then timestamptz '2026-01-01' + i * interval '1 hour' end from generate_series(1, 500) i; insert into orders values (0, 'ever', 0, 'infinity'), (-1, 'never', 0, '-infinity')");
        var pipeline = await shop.PipelineAsync($"{Incremental}\n    split_by: {column}", new SqlOptions { RowsPerPart = 100 });

        var report = await pipeline.SucceedAsync();

        Assert.InRange(Assert.Single(report.Plan.Steps, s => s.Table.Layer == "bronze").Parts, 4, 5);
        Assert.Equal(["502|502|502"], await pipeline.QueryAsync("select count(*), count(distinct id), count(distinct (_file, _row)) from bronze.orders"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_EmptyTable_GivesItsColumns()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, Orders);
        var pipeline = await shop.PipelineAsync(Incremental);

        await pipeline.SucceedAsync();

        Assert.Equal(["0"], await pipeline.QueryAsync("select count(amount) from silver.orders"));
        await shop.ExecuteAsync("insert into orders values (1, 'a', 1, now())");
        await pipeline.SucceedAsync();
        Assert.Equal(["1"], await pipeline.QueryAsync("select count(amount) from silver.orders"));
    }

    [Fact]
    public async Task Run_ContractAndQuery_RejectWhatDoesNotHold()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, $"{Orders}; insert into orders values (1, 'a', 1, '2026-01-01'), (2, 'b', -2, '2026-01-02'), (3, 'c', 'NaN', '2026-01-03')");
        var pipeline = await shop.PipelineAsync("""
            sources:
              orders:
                connector: sql
                connection: shop
                query: |
                  select o.id as "OrderID", o.label, o.amount, updated_at -- all of them
                  from @.orders o;
                cursor: updated_at
                key: [id]
                columns:
                  id: {from: OrderID, type: bigint, required: true}
                  amount: {type: "decimal(18,4)", min: 0}
            """);

        await pipeline.SucceedAsync();

        Assert.Equal(["1|1.0000"], await pipeline.QueryAsync("select id, amount from silver.orders"));
        Assert.Equal(
            ["amount-range", "malformed amount is a numeric(10, 2) that no DECIMAL(10,2) can hold"],
            await pipeline.QueryAsync("select failures[1].rule || case failures[1].rule when 'malformed' then ' ' || failures[1].reason else '' end from rejected.orders order by row"));
    }
}
