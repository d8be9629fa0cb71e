using System.Text;

namespace Pipeline.Medallion.Tests.Sources.File;

public sealed class GoodFileTests(MedallionFixture medallion)
{
    private const string Csv = "a,b\n1,x\n2,\"y, z\"\n";
    private const string Ndjson = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y, z\"}\n";

    /// <summary>All in one run, so that the suite stays quick: a file that goes wrong is named.</summary>
    [Fact]
    public async Task Run_EveryKindOfFile_GivesItsRows()
    {
        (string Name, string Content)[] files =
        [
            ("f.csv", Csv),
            ("f.tsv", "a\tb\n1\tx\n2\ty, z\n"),
            ("f.csv", "a;b\n1;x\n2;y, z\n"),
            ("f.csv", "a|b\r\n1|x\r\n2|y, z\r\n"),
            ("f.csv", "\uFEFFa,b\n1,x\n2,\"y, z\""),
            ("f.csv", "a,b\r\n1,x\r\n2,\"y, z\"\r\n"),
            ("f.csv", "\"b\",\"a\"\n\"x\",1\n\"y, z\",2\n"),
            ("f.csv", "a,b,\"c\nd;;;;;\"\n1,x,\n\n2,\"y, z\",\"\n\"\n"),
            ("f.json", "[{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":\"y, z\"}]"),
            ("f.json", "[\n  {\n    \"a\": 1,\n    \"b\": \"x\"\n  },\n  {\n    \"a\": 2,\n    \"b\": \"y, z\"\n  }\n]\n"),
            ("f.json", Ndjson),
            ("f.json", "\uFEFF[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y, z\"}]"),
            ("f.ndjson", Ndjson),
            ("f.jsonl", "{\"a\":1,\"b\":\"x\"}\r\n\r\n   \r\n{\"b\":\"y, z\",\"a\":2}"),
            ("f.ndjson", "\uFEFF{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y, z\"}\n"),
            ("f.csv.gz", Csv),
            ("f.ndjson.gz", Ndjson),
            ("f.json.gz", "[" + "{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y, z\"}" + "]"),
            ("f.csv.zst", Csv),
            ("f.ndjson.zst", Ndjson),
            ("f.json.zst", "[" + "{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y, z\"}" + "]"),
        ];
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        foreach (var ((name, content), number) in files.Select((f, n) => (f, n)))
        {
            await pipeline.LandAsync($"{number:D2}-{name}", Path.GetExtension(name) switch
            {
                ".gz" => FileBytes.Gzip(content),
                ".zst" => FileBytes.Zstd(medallion, content),
                _ => Encoding.UTF8.GetBytes(content),
            });
        }

        var parquet = FileBytes.Parquet(medallion, "select * from (values ('1', 'x'), ('2', 'y, z')) t(a, b)");
        await pipeline.LandAsync("f.parquet", parquet);
        await pipeline.LandAsync("f.parquet.gz", FileBytes.Gzip(parquet));
        await pipeline.LandAsync("members.csv.gz", [.. FileBytes.Gzip("a,b\n1,x\n"), .. FileBytes.Gzip("2,\"y, z\"\n"), .. FileBytes.Gzip("")]);
        foreach (var name in new[] { "odd [1-9]*?.csv", "it's.csv", "größe 100%.csv", $"{new string('n', 250)}.csv" })
        {
            await pipeline.LandAsync(name, Csv);
        }

        var report = await pipeline.SucceedAsync();

        Assert.Equal([$"{files.Length + 7}|0"], await pipeline.QueryAsync("select count(distinct _file), count(_error) from bronze.f"));
        Assert.Empty(await pipeline.QueryAsync("select _file, list((a, b) order by _row) as found from silver.f group by _file having found::varchar <> '[(1, x), (2, ''y, z'')]'"));
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_Parquet_KeepsItsTypes()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("f.parquet", FileBytes.Parquet(medallion, "select * from (values (1::integer, 'x'), (2, 'y, z')) t(a, b)"));

        await AssertTwoRowsAsync(pipeline);
        Assert.Equal("INTEGER", await pipeline.ScalarAsync("select typeof(a) from bronze.f limit 1"));
    }

    [Fact]
    public async Task Run_SingleObject_IsOneRow()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("f.json", "{\n \"a\": 1,\n \"b\": {\"c\": [1, 2]}\n}");

        await pipeline.SucceedAsync();

        Assert.Equal(["1|{\"c\":[1,2]}"], await pipeline.RawAsync());
    }

    [Fact]
    public async Task Run_DeclaredFormat_WinsOverTheName()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion, "    format: csv\n");
        await pipeline.LandAsync("f.dat", Csv);

        await AssertTwoRowsAsync(pipeline);
    }

    [Theory]
    [InlineData("$/*.csv", "a.csv b.csv")]
    [InlineData("$/a*.csv", "a.csv")]
    [InlineData("$/?.csv", "a.csv b.csv")]
    [InlineData("$/**/*.csv", "2024/01/c.csv 2024/d.csv a.csv b.csv")]
    [InlineData("$/2024/*.csv", "2024/d.csv")]
    [InlineData("$/*/*.csv", "2024/d.csv")]
    [InlineData("$/a.csv", "a.csv")]
    [InlineData("$/[a].csv", "")]
    public async Task Run_Glob_TakesWhatMatches(string glob, string expected)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"sources:\n  f:\n    connector: file\n    path: {glob}\n    columns:\n      a: {{type: bigint}}");
        foreach (var file in new[] { "a.csv", "b.csv", "a.csv.bak", "2024/d.csv", "2024/01/c.csv" })
        {
            await pipeline.LandAsync(file, "a\n1\n");
        }

        var report = await pipeline.SucceedAsync();

        Assert.Equal(expected, string.Join(' ', await pipeline.QueryAsync($"select replace(_file, '{pipeline.Name}/', '') from bronze.f order by 1")));
        Assert.Equal(expected.Length == 0, report["bronze.f"].Note is not null);
    }

    private static async Task AssertTwoRowsAsync(TestPipeline pipeline)
    {
        var report = await pipeline.RunAsync();

        Assert.True(report.Run.Error is null, report.Run.Error);
        Assert.Equal(["1|x", "2|y, z"], await pipeline.RawAsync());
        Assert.Equal(["1|x|1", "2|y, z|2"], await pipeline.QueryAsync("select a, b, row_number() over (order by _row) from silver.f order by a"));
        await pipeline.BalancedAsync(report);
    }
}
