using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using MySqlConnector;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>Tables of gold in a real MariaDB, where this machine has one.</summary>
public sealed class MySqlTargetTests(MedallionFixture medallion, MariaDbFixture mariaDb) : IClassFixture<MariaDbFixture>
{
    private const string Three = "select i as id, 'v' || i as label from range(1, 4) t(i)";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Serve_EveryType_KeepsItsValues()
    {
        var gold = await StartAsync("t1", ServeMode.Replace, "id");
        await gold.WriteAsync(
            """
            select * from (values
                (1::bigint, true, 127::tinyint, (-32768)::smallint, 2147483647::integer, 1.5::float, 0.1::double, 'it''s "x" \ é', '\x00\xFF'::blob, date '2024-02-29', timestamptz '2024-01-01 10:00:00.123456+00',
                    12345678901234.5678::decimal(18,4), 99999999999999999999999999999999999999::decimal(38,0), {'a': 1, 'b': [1, 2]}),
                (2, null, null, null, null, null, null, '', null, date '0001-01-01', timestamptz '9999-12-31 23:59:59.999999+00', 0, -1, null)
            ) v(id, flag, tiny, small, whole, single, real, text, bytes, day, seen, money, huge, nested)
            """);

        Assert.Equal(StepStatus.Succeeded, (await gold.ServeAsync()).Result.Status);

        Assert.Equal(
            [
                "1|1|127|-32768|2147483647|1.5|0.1|it's \"x\" \\ é|00FF|2024-02-29|2024-01-01 10:00:00.123456|12345678901234.5678|99999999999999999999999999999999999999|{\"a\":1,\"b\":[1,2]}",
                "2|null|null|null|null|null|null||null|0001-01-01|9999-12-31 23:59:59.999999|0.0000|-1|null",
            ],
            await QueryAsync(
                "select concat_ws('|', id, coalesce(flag, 'null'), coalesce(tiny, 'null'), coalesce(small, 'null'), coalesce(whole, 'null'), coalesce(single, 'null'), coalesce(`real`, 'null'), text, coalesce(hex(bytes), 'null'), day, seen, money, huge, coalesce(nested, 'null')) from t1.target order by id"));
        await gold.WriteAsync("select 1::bigint as id, 'nan'::double as real");
        Assert.Contains("The column 'real' has a value that is not a number or infinite", (await Assert.ThrowsAnyAsync<TerminalException>(() => gold.ServeAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServeMode.Replace)]
    [InlineData(ServeMode.Upsert)]
    public async Task Serve_VersionAfterVersion_HoldsWhatTheTableHolds(ServeMode mode)
    {
        var gold = await StartAsync($"v_{mode}", mode, "id", "part");
        gold.Serve = gold.Serve with { Indexes = [["label_key"]] };
        var rows = "select i as id, 'P' || (i % 3) as part, 'v' || i as label, 'k' || i as label_key, (i / 7)::decimal(9,3) as amount from range(1, 3000) t(i)";
        await gold.WriteAsync(rows);
        var work = await gold.WorkAsync();
        await gold.ServeAsync(work);
        await AssertSameAsync();
        Assert.Equal(StepStatus.Succeeded, (await gold.ServeAsync(work)).Result.Status);
        Assert.Equal(StepStatus.Unchanged, (await gold.ServeAsync()).Result.Status);

        await gold.MergeAsync($"select * from ({rows}) where id > 20", deleteMissing: true);
        await gold.MergeAsync("select 21 as id, 'P0' as part, 'changed' as label, null::varchar as label_key, 2::decimal(9,3) as amount union all select 9000, 'p0', 'new', 'x', 0::decimal(9,3) union all select 9000, 'P0', 'new', 'x', 0::decimal(9,3)");
        var served = await gold.ServeAsync();
        await AssertSameAsync();
        if (mode == ServeMode.Upsert)
        {
            Assert.Equal((2L, 1L, 20L), (served.Rows!.Inserted, served.Rows.Updated, served.Rows.Deleted));
        }

        await gold.WriteAsync($"select *, id * 2 as twice from ({rows})");
        await gold.ServeAsync();
        await AssertSameAsync(", twice");
        Assert.Equal(["PRIMARY id,part", "pipeline_0 label_key"], await QueryAsync($"select concat(index_name, ' ', group_concat(column_name order by seq_in_index)) from information_schema.statistics where table_schema = 'v_{mode}' and table_name = 'target' group by index_name order by index_name <> 'PRIMARY'"));
        Assert.Equal(["pipeline_served", "target"], await QueryAsync($"select table_name from information_schema.tables where table_schema = 'v_{mode}' order by 1"));

        async Task AssertSameAsync(string more = "")
        {
            var lake = await new TestPipeline(medallion.Floor, gold.Pipeline).QueryAsync($"select concat_ws('|', id, part, label, coalesce(label_key, 'null'), amount{more}) from gold.t order by id, part");
            Assert.Equal(lake, await QueryAsync($"select concat_ws('|', id, part, label, coalesce(label_key, 'null'), amount{more}) from v_{mode}.target order by id, part"));
        }
    }

    [Fact]
    public async Task Serve_ViewsGrantsTriggersAndForeignKeys_Survive()
    {
        var gold = await StartAsync("g1", ServeMode.Replace, "id");
        await gold.WriteAsync(Three);
        await gold.ServeAsync();
        await ExecuteAsync("create user reader; grant select on g1.target to reader; create view g1.seen as select id, label from g1.target");
        await gold.WriteAsync($"{Three} union all select 4, 'four'");
        await gold.ServeAsync();
        Assert.Equal(["4"], await QueryAsync("select count(*) from g1.seen"));
        await ExecuteAsync("create table g1.log (n int); create trigger g1.counted after insert on g1.target for each row insert into g1.log values (1)");

        await gold.WriteAsync($"{Three} union all select 5, 'five'");
        await gold.ServeAsync();

        Assert.Equal(["1|v1", "2|v2", "3|v3", "5|five"], await QueryAsync("select concat_ws('|', id, label) from g1.seen order by id"));
        Assert.Equal(["4"], await QueryAsync("select count(*) from g1.log"));
        await gold.WriteAsync("select 'x' as id");
        Assert.Contains("something stands on the table: trigger counted", (await Assert.ThrowsAsync<TerminalException>(() => gold.ServeAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_SomebodyElsesTableAndAStraggler_AreLeftAlone()
    {
        var gold = await StartAsync("s1", ServeMode.Upsert, "id");
        await ExecuteAsync("create table s1.target (mine int)");
        var first = await gold.WriteAsync(Three);
        Assert.Contains("was not made by serving", (await Assert.ThrowsAsync<TerminalException>(() => gold.ServeAsync())).Message, StringComparison.Ordinal);
        await ExecuteAsync("drop table s1.target");
        await gold.WriteAsync($"{Three} union all select 4, 'four'");

        await Task.WhenAll(gold.ServeAsync(), gold.ServeAsync());

        Assert.Equal(StepStatus.Unchanged, (await gold.ServeAsync(first, run: 5)).Result.Status);
        Assert.Equal(["4|1"], await QueryAsync("select concat_ws('|', count(*), (select count(*) from s1.pipeline_served)) from s1.target"));
    }

    [Fact]
    public async Task Serve_KeysThatDifferBySpacesAtTheirEnd_AreRefusedInsteadOfBecomingOne()
    {
        var gold = await StartAsync("k1", ServeMode.Upsert, "id");
        gold.Serve = gold.Serve with { IsKeyOfTable = true };
        await gold.WriteAsync("select 'a' as id, 1 as n");
        await gold.ServeAsync();
        await gold.MergeAsync("select 'a ' as id, 2 as n");

        Assert.Contains("more than one row, such as id = a:", (await Assert.ThrowsAsync<TerminalException>(() => gold.ServeAsync())).Message, StringComparison.Ordinal);

        Assert.Equal(["a|1"], await QueryAsync("select concat_ws('|', id, n) from k1.target"));
    }

    [Theory]
    [InlineData(ServeMode.Replace)]
    [InlineData(ServeMode.Upsert)]
    public async Task Serve_InstanceDiesAfterAnyMessage_TheTargetIsOneVersionOrTheOtherAndTheNextCompletesIt(ServeMode mode)
    {
        var schema = $"d_{mode}";
        var gold = await StartAsync(schema, mode, "id");
        await using var proxy = new DyingProxy(mariaDb.Port);
        var dying = gold.On(Compose(mariaDb.ConnectionString.Replace($"Port={mariaDb.Port}", $"Port={proxy.Port}", StringComparison.Ordinal) + ";Pooling=false"));
        await Deaths.RunAsync(gold, dying, proxy, mode == ServeMode.Replace ? "rename table" : "commit$", async () =>
        {
            // The record that counts is that of the load which the table's comment names.
            var comment = Assert.Single(await QueryAsync($"select table_comment from information_schema.tables where table_schema = '{schema}' and table_name = 'target'"));
            var held = Assert.Single(await QueryAsync($"select concat_ws('|', (select version from {schema}.pipeline_served where concat('pipeline load ', load_id) = '{comment}'), count(*), min(id), min(generation), max(generation)) from {schema}.target")).Split('|');
            Assert.Equal([held[0], "3", held[0], held[0], held[0]], held);
            return long.Parse(held[0], CultureInfo.InvariantCulture);
        });
    }

    private async Task<ServedGold> StartAsync(string schema, ServeMode mode, params string[] key)
    {
        Assert.SkipWhen(mariaDb.Missing is not null, mariaDb.Missing ?? "");
        await ExecuteAsync($"create database {schema}");
        return new ServedGold(Compose(mariaDb.ConnectionString), ServedGold.Definition($"{schema}.target", mode, key));
    }

    private IServiceProvider Compose(string connectionString) => medallion.Compose(
        TimeProvider.System, services => services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("shop", connectionString)])));

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    private async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancelled);
        var rows = new List<string>();
        while (await reader.ReadAsync(Cancelled))
        {
            rows.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture) ?? "");
        }

        return rows;
    }

    private async Task<MySqlConnection> OpenAsync()
    {
        var connection = new MySqlConnection(mariaDb.ConnectionString["Provider=mysql;".Length..]);
        await connection.OpenAsync(Cancelled);
        return connection;
    }
}
