using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Tests.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>Tables of gold in a real PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public sealed class PostgreSqlTargetTests(MedallionFixture medallion, PostgresFixture postgres)
{
    private const string Three = "select i as id, 'v' || i as label from range(1, 4) t(i)";

    [Fact]
    public async Task Serve_EveryType_KeepsItsValues()
    {
        var (shop, gold) = await StartAsync();
        await gold.WriteAsync(
            """
            select * from (values
                (1::bigint, true, 127::tinyint, (-32768)::smallint, 2147483647::integer, 1.5::float, 0.1::double, 'it''s "x"	é', '\x00\xFF'::blob, date '2024-02-29', timestamptz '2024-01-01 10:00:00.123456+00',
                    12345678901234.5678::decimal(18,4), (-0.05)::decimal(4,2), 99999999999999999999999999999999999999::decimal(38,0), 0.00000000000000000000000000000000000001::decimal(38,38), {'a': 1, 'b': [1, 2]}, ['x', null]),
                (2, null, null, null, null, 'nan', '-infinity', null, null, date '0001-01-01', timestamptz '9999-12-31 23:59:59.999999+00', 0, 10000, -100010000, null, null, null)
            ) v(id, flag, tiny, small, whole, single, real, text, bytes, day, seen, money, cents, huge, least, nested, list)
            """);

        var served = await gold.ServeAsync();

        Assert.Equal((StepStatus.Succeeded, 2L), (served.Result.Status, served.Rows!.Out));
        Assert.Equal(
            [
                "1|true|127|-32768|2147483647|1.5|0.1|it's \"x\"\té|\\x00ff|2024-02-29|2024-01-01 10:00:00.123456+00|12345678901234.5678|-0.05|99999999999999999999999999999999999999|0.00000000000000000000000000000000000001|{\"a\": 1, \"b\": [1, 2]}|[\"x\", null]",
                "2|null|null|null|null|NaN|-Infinity|null|null|0001-01-01|9999-12-31 23:59:59.999999+00|0.0000|10000.00|-100010000|null|null|null",
            ],
            await shop.QueryAsync(
                "set timezone = 'UTC'; select concat_ws('|', id, coalesce(flag::text, 'null'), coalesce(tiny::text, 'null'), coalesce(small::text, 'null'), coalesce(whole::text, 'null'), single, real, coalesce(text, 'null'), coalesce(bytes::text, 'null'), day, seen, money, cents, huge, coalesce(least::text, 'null'), coalesce(nested::text, 'null'), coalesce(list::text, 'null')) from target order by id"));
        Assert.Equal(
            ["bigint, boolean, smallint, smallint, integer, real, double precision, text, bytea, date, timestamp with time zone, numeric(18,4), numeric(12,2), numeric(38,0), numeric(38,38), jsonb, jsonb"],
            await shop.QueryAsync($"select string_agg(format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute where attrelid = '{shop.Schema}.target'::regclass and attnum > 0"));
    }

    [Theory]
    [InlineData(ServeMode.Replace)]
    [InlineData(ServeMode.Upsert)]
    public async Task Serve_VersionAfterVersion_HoldsWhatTheTableHolds(ServeMode mode)
    {
        var (shop, gold) = await StartAsync(mode, "id", "part");
        var rows = "select i as id, i % 3 as part, 'v' || i as label, (i / 7)::decimal(9,3) as amount from range(1, 200) t(i)";
        await gold.WriteAsync(rows);
        await gold.ServeAsync();
        await AssertSameAsync();

        // Changed, new and gone rows; then one that only moves to another file; then all at once, in several versions.
        await gold.MergeAsync("select 5 as id, 5 % 3 as part, 'changed' as label, 1::decimal(9,3) as amount union all select 1000, 1, null, null");
        Assert.Equal(mode == ServeMode.Replace ? (200L, 0L) : (1L, 1L), Moved(await gold.ServeAsync()));
        await AssertSameAsync();
        await gold.MergeAsync($"select * from ({rows}) where id > 20", deleteMissing: true);
        await gold.MergeAsync("select 21 as id, 0 as part, 'twice' as label, 2::decimal(9,3) as amount");
        await gold.MergeAsync("select 21 as id, 0 as part, 'thrice' as label, 3::decimal(9,3) as amount union all select 1001, 1, 'new', 0::decimal(9,3)");
        var served = await gold.ServeAsync();
        await AssertSameAsync();
        if (mode == ServeMode.Upsert)
        {
            Assert.Equal((1L, 1L, 21L), (served.Rows!.Inserted, served.Rows.Updated, served.Rows.Deleted));
        }

        Assert.Equal([$"{gold.Pipeline}|gold.t|{served.Result.Versions[gold.Serve.Step]}|180|1"], await shop.QueryAsync("select concat_ws('|', pipeline, source, version, row_count, count(*) over ()) from pipeline_served"));
        Assert.Equal(["PRIMARY KEY (id, part)"], await shop.QueryAsync($"select pg_get_constraintdef(oid) from pg_constraint where conrelid = '{shop.Schema}.target'::regclass and contype = 'p'"));

        static (long, long) Moved(StepOutcome outcome) => (outcome.Rows!.Inserted, outcome.Rows.Updated);

        async Task AssertSameAsync()
        {
            var lake = await new TestPipeline(medallion.Floor, gold.Pipeline).QueryAsync("select concat_ws('|', id, part, coalesce(label, 'null'), coalesce(amount::varchar, 'null')) from gold.t order by id");
            Assert.Equal(lake, await shop.QueryAsync("select concat_ws('|', id, part, coalesce(label, 'null'), coalesce(amount::text, 'null')) from target order by id"));
        }
    }

    [Theory]
    [InlineData(ServeMode.Replace)]
    [InlineData(ServeMode.Upsert)]
    public async Task Serve_Repeat_WritesNoRow(ServeMode mode)
    {
        var (shop, gold) = await StartAsync(mode, "id");
        await gold.WriteAsync(Three);
        var work = await gold.WorkAsync();
        Assert.Equal(StepStatus.Succeeded, (await gold.ServeAsync(work)).Result.Status);
        var written = await WrittenAsync();

        // The same run once more, the next run, a version whose rows are the same, and one whose rows only lie elsewhere.
        Assert.Equal(StepStatus.Succeeded, (await gold.ServeAsync(work)).Result.Status);
        Assert.Equal(StepStatus.Unchanged, (await gold.ServeAsync()).Result.Status);
        await gold.WriteAsync($"{Three} order by id desc");
        Assert.Equal(StepStatus.Unchanged, (await gold.ServeAsync()).Result.Status);
        Assert.Equal(StepStatus.Unchanged, (await gold.ServeAsync()).Result.Status);

        Assert.Equal(written, await WrittenAsync());
        Assert.Equal(StepStatus.Succeeded, (await gold.ServeAsync(rebuild: true)).Result.Status);
        Assert.NotEqual(written, await WrittenAsync());

        Task<IReadOnlyList<string>> WrittenAsync() => shop.QueryAsync("select concat_ws('|', xmin, ctid, id, label) from target order by id");
    }

    [Fact]
    public async Task Serve_Upsert_LeavesRowsThatDidNotChange()
    {
        var (shop, gold) = await StartAsync(ServeMode.Upsert, "id");
        await gold.WriteAsync("select i as id, 'v' as label from range(1000) t(i)");
        await gold.ServeAsync();
        await gold.WriteAsync("select i as id, case when i = 7 then 'w' else 'v' end as label from range(1, 1001) t(i)");

        var served = await gold.ServeAsync();

        Assert.Equal((1L, 1L, 1L), (served.Rows!.Inserted, served.Rows.Updated, served.Rows.Deleted));
        Assert.Equal(["998|2"], await shop.QueryAsync("select concat_ws('|', max(n), min(n)) from (select count(*) as n from target group by xmin::text) x"));
    }

    [Fact]
    public async Task Serve_OlderRunsStraggler_LeavesTheNewerVersion()
    {
        var (shop, gold) = await StartAsync(ServeMode.Upsert, "id");
        var first = await gold.WriteAsync(Three);
        await gold.WriteAsync("select 9 as id, 'newer' as label");
        await gold.ServeAsync();

        var late = await gold.ServeAsync(first, run: 5);

        Assert.Equal(StepStatus.Unchanged, late.Result.Status);
        Assert.Contains("newer", late.Note, StringComparison.Ordinal);
        Assert.Equal(["9"], await shop.QueryAsync("select id::text from target"));
    }

    [Fact]
    public async Task Serve_TwoAtOnce_EachSeesWhatTheOtherDid()
    {
        var (shop, gold) = await StartAsync(ServeMode.Upsert, "id");
        var first = await gold.WriteAsync(Three);
        var second = await gold.WriteAsync($"{Three} union all select 4, 'four'");

        await Task.WhenAll([.. Enumerable.Range(0, 6).Select(async i => (await gold.ServeAsync(i % 2 == 0 ? first : second)).Result)]);

        Assert.Equal(["4|1"], await shop.QueryAsync("select concat_ws('|', count(*), (select count(*) from pipeline_served)) from target"));
    }

    [Theory]
    [InlineData(ServeMode.Replace)]
    [InlineData(ServeMode.Upsert)]
    public async Task Serve_ViewsGrantsAndForeignKeys_Survive(ServeMode mode)
    {
        var (shop, gold) = await StartAsync(mode, "id");
        await gold.WriteAsync(Three);
        await gold.ServeAsync();
        await shop.ExecuteAsync($"create role \"{shop.Schema}_reader\"; grant select on target to \"{shop.Schema}_reader\"; grant update (label) on target to \"{shop.Schema}_reader\" with grant option");

        // Grants go with a table that another takes the place of.
        await gold.WriteAsync($"{Three} union all select 4, 'four'");
        await gold.ServeAsync();
        Assert.Equal(["t|t|f"], await shop.QueryAsync($"select concat_ws('|', has_table_privilege(r, 'target', 'select'), has_column_privilege(r, 'target', 'label', 'update with grant option'), has_table_privilege(r, 'target', 'insert')) from (select '{shop.Schema}_reader') x(r)"));

        // What stands on the table keeps it in its place.
        await shop.ExecuteAsync("create view seen as select id, label from target; create table orders (of bigint references target (id) deferrable initially deferred); insert into orders values (1)");
        await gold.WriteAsync($"{Three} union all select 5, 'five'");
        await gold.ServeAsync();
        Assert.Equal(["1|v1", "2|v2", "3|v3", "5|five"], await shop.QueryAsync("select concat_ws('|', id, label) from seen order by id"));
        Assert.Equal(["true"], await shop.QueryAsync($"select has_table_privilege('{shop.Schema}_reader', 'target', 'select')::text"));

        // A column more is added; another type is refused, and says why.
        await gold.WriteAsync("select id, label, id * 2 as double from (" + Three + ")");
        await gold.ServeAsync();
        Assert.Equal(["1|v1|2", "2|v2|4", "3|v3|6"], await shop.QueryAsync("select concat_ws('|', id, label, double) from target order by id"));
        await gold.WriteAsync("select id, 1 as label from (" + Three + ")");
        var error = await Assert.ThrowsAsync<TerminalException>(() => gold.ServeAsync());
        Assert.Contains($"something stands on the table: constraint orders_of_fkey, view {shop.Schema}.seen", error.Message, StringComparison.Ordinal);
        await shop.ExecuteAsync("drop view seen; drop table orders");
        await gold.ServeAsync();
        Assert.Equal(["1|1", "2|1", "3|1"], await shop.QueryAsync("select concat_ws('|', id, label) from target order by id"));
    }

    [Fact]
    public async Task Serve_IndexesAndKey_AreMadeAndMadeAnew()
    {
        var (shop, gold) = await StartAsync(ServeMode.Upsert, "id");
        gold.Serve = gold.Serve with { Indexes = [["label"], ["label", "id"]] };
        await gold.WriteAsync(Three);
        await gold.ServeAsync();
        Assert.Equal(["(id)", "(label)", "(label, id)"], await IndexesAsync());
        await gold.MergeAsync("select 4 as id, 'v4' as label");
        Assert.Equal(1, (await gold.ServeAsync()).Rows!.In);
        Assert.Equal(["(id)", "(label)", "(label, id)"], await IndexesAsync());
        gold.Serve = gold.Serve with { Indexes = [], Key = ["label"] };

        await gold.ServeAsync();

        Assert.Equal(["(label)"], await IndexesAsync());

        Task<IReadOnlyList<string>> IndexesAsync() => shop.QueryAsync($"select substring(indexdef from '\\(.*\\)$') from pg_indexes where schemaname = '{shop.Schema}' and tablename = 'target' order by 1");
    }

    [Theory]
    [InlineData("select null::bigint as id union all select 1", "a row without a key, such as id = null")]
    [InlineData("select 7 as id union all select 7 union all select 1", "more than one row, such as id = 7")]
    public async Task Serve_KeyThatIsNone_IsRefusedBeforeAnythingIsWritten(string select, string expected)
    {
        var (shop, gold) = await StartAsync(ServeMode.Upsert, "id");
        await gold.WriteAsync("select 1 as id");
        await gold.ServeAsync();
        await gold.WriteAsync(select);

        var error = await Assert.ThrowsAsync<TerminalException>(() => gold.ServeAsync());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(["1"], await shop.QueryAsync("select id::text from target"));
    }

    [Fact]
    public async Task Serve_TableThatIsSomebodyElses_IsLeftAlone()
    {
        var (shop, gold) = await StartAsync(ServeMode.Replace, "id");
        await shop.ExecuteAsync("create table target (mine int); insert into target values (1)");
        await gold.WriteAsync(Three);
        Assert.Contains("was not made by serving", (await Assert.ThrowsAsync<TerminalException>(() => gold.ServeAsync())).Message, StringComparison.Ordinal);
        await shop.ExecuteAsync("drop table target");
        await gold.ServeAsync();
        var other = new ServedGold(shop.Compose(), gold.Serve);
        await other.WriteAsync(Three);

        Assert.Contains($"holds gold.t of pipeline '{gold.Pipeline}'", (await Assert.ThrowsAsync<TerminalException>(() => other.ServeAsync())).Message, StringComparison.Ordinal);

        // A target that was dropped is made again, a table of the lake that was made anew is served anew.
        await shop.ExecuteAsync("drop table target");
        Assert.Equal(StepStatus.Succeeded, (await gold.ServeAsync()).Result.Status);
        Assert.Equal(["3"], await shop.QueryAsync("select count(*)::text from target"));
    }

    [Fact]
    public async Task Serve_VersionThatIsGoneOrTableMadeAnew_ServesAllOfIt()
    {
        var (shop, gold) = await StartAsync(ServeMode.Upsert, "id");
        await gold.WriteAsync(Three);
        await gold.WriteAsync($"{Three} union all select 4, 'four'");
        await gold.ServeAsync();
        var lake = (Lakehouse.Storage.ILake)medallion.Floor.GetService(typeof(Lakehouse.Storage.ILake))!;
        foreach (var file in (await gold.Table.ReadAsync(null, TestContext.Current.CancellationToken))!.Files)
        {
            await lake.DeleteAsync(gold.Table.Root.Append(file.Path), TestContext.Current.CancellationToken);
        }

        await gold.WriteAsync("select 8 as id, 'eight' as label");
        await gold.ServeAsync();
        Assert.Equal(["8"], await shop.QueryAsync("select id::text from target"));
        await lake.DeleteDirectoryAsync(gold.Table.Root, TestContext.Current.CancellationToken);
        await gold.WriteAsync(Three);

        await gold.ServeAsync();

        Assert.Equal(["1", "2", "3"], await shop.QueryAsync("select id::text from target order by 1"));
    }

    private async Task<(Shop Shop, ServedGold Gold)> StartAsync(ServeMode mode = ServeMode.Replace, params string[] key)
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "select 1");
        return (shop, new ServedGold(shop.Compose(), ServedGold.Definition($"{shop.Schema}.target", mode, key)));
    }
}
