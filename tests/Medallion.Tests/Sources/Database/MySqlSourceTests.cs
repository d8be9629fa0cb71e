using Microsoft.Extensions.DependencyInjection;
using MySqlConnector;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Sources.Database;

/// <summary>The same connector over MariaDB.</summary>
public sealed class MySqlSourceTests(MedallionFixture medallion, MariaDbFixture mariaDb) : IClassFixture<MariaDbFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_EveryType_KeepsItsValues()
    {
        var pipeline = await StartAsync(
            """
            create table d1.t (id int primary key, tiny tinyint, flag tinyint(1), u8 tinyint unsigned, u32 int unsigned, u64 bigint unsigned, d decimal(20,4), f double, day date, seen datetime(6), doc json, b varbinary(4), e enum('a','b'), y year, bits bit(5), t text);
            set sql_mode = '';
            insert into d1.t values (1, -128, 1, 255, 4294967295, 18446744073709551615, '1234567890123456.7891', 0.1, '2024-02-29', '2024-01-01 10:00:00.123456', '{"a": 1}', x'00FF', 'b', 2024, b'10101', 'it''s "x"'),
                (2, null, 0, 0, 0, 0, 0, null, '0000-00-00', '0000-00-00 00:00:00', null, null, null, null, null, '')
            """,
            "table: d1.t, load: full");

        await pipeline.SucceedAsync();

        Assert.Equal(
            [
                "-128|true|255|4294967295|18446744073709551615|1234567890123456.7891|0.1|2024-02-29|2024-01-01 10:00:00.123456+00|{\"a\": 1}|00FF|b|2024|21|it's \"x\"",
                "null|false|0|0|0|0.0000|null|null|null|null|null|null|null|null|",
            ],
            await pipeline.QueryAsync("select tiny, flag, u8, u32, u64::varchar, d, f, day, seen::varchar, doc, hex(b), e, y, bits, t from bronze.t order by id"));
        Assert.Equal("TINYINT|BOOLEAN|SMALLINT|BIGINT|DECIMAL(20,0)|DECIMAL(20,4)", await pipeline.ScalarAsync("select typeof(tiny), typeof(flag), typeof(u8), typeof(u32), typeof(u64), typeof(d) from bronze.t where id = 1"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_IncrementalWithTiesLookbackAndDeletedRows_GivesSilverAsTheTable()
    {
        var pipeline = await StartAsync(
            "create table d2.t (id int primary key, label varchar(20), gone datetime null, updated_at datetime(6)); insert into d2.t values (1, 'a', null, '2026-01-01 10:00:00'), (2, 'b', null, '2026-01-01 10:00:00'), (3, 'c', null, null)",
            "table: d2.t, cursor: updated_at, lookback: 10m, split_by: id, key: [id], deleted: gone");
        await pipeline.SucceedAsync();
        Assert.Empty((await pipeline.SucceedAsync()).Built);
        await ExecuteAsync("insert into d2.t values (4, 'tie', null, '2026-01-01 10:00:00'), (5, 'late', null, '2026-01-01 09:55:00'); update d2.t set gone = now(), updated_at = '2026-01-01 10:01:00.5' where id = 1");

        await pipeline.SucceedAsync();

        Assert.Equal(["2|b", "3|c", "4|tie", "5|late"], await pipeline.QueryAsync("select id, label from silver.t order by id"));
        Assert.Equal("6", await pipeline.ScalarAsync("select count(*) from bronze.t"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    private async Task<TestPipeline> StartAsync(string sql, string source)
    {
        Assert.SkipWhen(mariaDb.Missing is not null, mariaDb.Missing ?? "");
        await ExecuteAsync("create database if not exists d1; create database if not exists d2");
        await ExecuteAsync(sql);
        var floor = medallion.Compose(TimeProvider.System, services =>
        {
            services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("shop", mariaDb.ConnectionString)]));
            services.AddSingleton(new SqlOptions { RowsPerPart = 2 });
        });
        return (await TestPipeline.CreateAsync(medallion, $"sources:\n  t: {{connector: sql, connection: shop, {source}}}")).On(floor);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new MySqlConnection(mariaDb.ConnectionString["Provider=mysql;".Length..]);
        await connection.OpenAsync(Cancelled);
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancelled);
    }
}
