using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Sources.Database;

/// <summary>What becomes of PostgreSQL's types and of their outermost values.</summary>
[Collection(PostgresTests.Name)]
public sealed class SqlTypeTests(MedallionFixture medallion, PostgresFixture postgres)
{
    private static readonly (string Type, string Values, string Bronze, string[] Expected)[] Types =
    [
        ("boolean", "(true), (false), (null)", "BOOLEAN", ["true", "false", "null"]),
        ("smallint", "(-32768), (32767)", "SMALLINT", ["-32768", "32767"]),
        ("integer", "(-2147483648), (2147483647)", "INTEGER", ["-2147483648", "2147483647"]),
        ("bigint", "(-9223372036854775808), (9223372036854775807)", "BIGINT", ["-9223372036854775808", "9223372036854775807"]),
        ("oid", "(4294967295)", "BIGINT", ["4294967295"]),
        ("real", "(1.5), ('Infinity')", "FLOAT", ["1.5", "inf"]),
        ("double precision", "(0.1), ('NaN'), ('-Infinity')", "DOUBLE", ["0.1", "nan", "-inf"]),
        ("numeric(38,10)", "('1234567890123456789012345678.0123456789'), (-0.1)", "DECIMAL(38,10)", ["1234567890123456789012345678.0123456789", "-0.1000000000"]),
        ("numeric", "('123456789012345678901234567890123456789.5'), ('NaN')", "VARCHAR", ["123456789012345678901234567890123456789.5", "NaN"]),
        ("numeric(50,2)", "(1.25)", "VARCHAR", ["1.25"]),
        ("money", "(12.34)", "DECIMAL(19,2)", ["12.34"]),
        ("date", "('2024-02-29'), ('1969-12-31'), ('infinity'), ('-infinity')", "DATE", ["2024-02-29", "1969-12-31", "9999-12-31", "0001-01-01"]),
        ("timestamp", "('2024-01-01 10:00:00.123456'), ('infinity')", "TIMESTAMP WITH TIME ZONE", ["2024-01-01 10:00:00.123456+00", "9999-12-31 23:59:59.999999+00"]),
        ("timestamptz", "('2024-07-01 10:00:00+02'), ('1900-01-01 00:00:00+00'), ('-infinity')", "TIMESTAMP WITH TIME ZONE", ["2024-07-01 08:00:00+00", "1900-01-01 00:00:00+00", "0001-01-01 00:00:00+00"]),
        ("time", "('10:00:00.5')", "VARCHAR", ["10:00:00.5"]),
        ("interval", "('1 day 2 hours')", "VARCHAR", ["1 day 02:00:00"]),
        ("text", "(E'a\\nb\"c,\\\\N'), ('')", "VARCHAR", ["a\nb\"c,\\N", ""]),
        ("char(4)", "('ab')", "VARCHAR", ["ab"]),
        ("uuid", "('00112233-4455-6677-8899-aabbccddeeff')", "VARCHAR", ["00112233-4455-6677-8899-aabbccddeeff"]),
        ("json", "('{\"a\": [1, 2]}')", "VARCHAR", ["{\"a\": [1, 2]}"]),
        ("jsonb", "('{\"b\":1,\"a\":null}')", "VARCHAR", ["{\"a\": null, \"b\": 1}"]),
        ("int[]", "('{{1,2},{3,null}}'), ('{}')", "VARCHAR", ["[[1,2],[3,null]]", "[]"]),
        ("text[]", "(array['a \"b\"', null])", "VARCHAR", ["[\"a \\\"b\\\"\",null]"]),
        ("mood", "('glad')", "VARCHAR", ["glad"]),
        ("positive", "(5)", "INTEGER", ["5"]),
        ("inet", "('10.0.0.1/8')", "VARCHAR", ["10.0.0.1/8"]),
        ("int4range", "('[1,5)')", "VARCHAR", ["[1,5)"]),
        ("bytea", "('\\x00ff10'), ('')", "BLOB", ["00FF10", ""]),
    ];

    [Fact]
    public async Task Run_EveryType_KeepsItsValues()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create type mood as enum ('sad', 'glad'); create domain positive as integer check (value > 0)");
        foreach (var (type, index) in Types.Select((t, i) => (t, i)))
        {
            await shop.ExecuteAsync($"create table t{index} (place int generated always as identity, v {type.Type}); insert into t{index} (v) values {type.Values}");
        }

        // One source that has a column of each.
        var query = $"select p.place, {string.Join(", ", Types.Select((_, i) => $"t{i}.v as v{i}"))} from generate_series(1, 4) p(place) {string.Concat(Types.Select((_, i) => $" left join {shop.Schema}.t{i} on t{i}.place = p.place"))}";
        var pipeline = await shop.PipelineAsync($"sources:\n  all_types:\n    connector: sql\n    connection: shop\n    load: full\n    query: |\n      {query}\n");

        await pipeline.SucceedAsync();

        var names = string.Join(", ", Types.Select((t, i) => t.Bronze == "BLOB" ? $"hex(v{i}) as v{i}" : $"v{i}::varchar as v{i}"));
        var rows = (await pipeline.AnswerAsync($"select {names} from bronze.all_types order by place")).Rows;
        var types = await pipeline.QueryAsync($"select {string.Join(", ", Types.Select((_, i) => $"any_value(typeof(v{i}))"))} from bronze.all_types");
        Assert.Equal(Types.Select(t => t.Bronze), types[0].Split('|'));
        foreach (var ((type, _, _, expected), index) in Types.Select((t, i) => (t, i)))
        {
            Assert.Equal([type, .. expected], [type, .. rows.Take(expected.Length).Select(r => r[index]?.ToString() ?? "null")]);
        }

        Assert.Equal("0", await pipeline.ScalarAsync("select count(*) from rejected.all_types"));
    }

    [Theory]
    [InlineData("numeric(10,2)", "'NaN'", "v is a numeric(10, 2) that no DECIMAL(10,2) can hold")]
    [InlineData("date", "'20000-01-01'", "v is a date that no DATE can hold")]
    [InlineData("timestamptz", "'0044-03-15 BC'", "v is a timestamp with time zone that no TIMESTAMP WITH TIME ZONE can hold")]
    public async Task Run_ValueThatNoTableCanHold_IsARejectedRow(string type, string value, string reason)
    {
        var shop = await Shop.CreateAsync(medallion, postgres, $"create table odd (id int, v {type}); insert into odd values (1, {value}), (2, null)");
        var pipeline = await shop.PipelineAsync("sources:\n  odd: {connector: sql, connection: shop, table: @.odd, load: full}");

        await pipeline.SucceedAsync();

        Assert.Equal([reason], await pipeline.QueryAsync("select failures[1].reason from rejected.odd"));
        Assert.Equal(["2"], await pipeline.QueryAsync("select id from silver.odd"));
    }
}
