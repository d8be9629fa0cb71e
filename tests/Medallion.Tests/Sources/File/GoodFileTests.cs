namespace Pipeline.Medallion.Tests.Sources.File;

public sealed class GoodFileTests(MedallionFixture medallion)
{
    private const string Csv = "a,b\n1,x\n2,\"y, z\"\n";
    private const string Ndjson = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y, z\"}\n";

    [Theory]
    [InlineData("f.csv", Csv)]
    [InlineData("f.tsv", "a\tb\n1\tx\n2\ty, z\n")]
    [InlineData("f.csv", "a;b\n1;x\n2;y, z\n")]
    [InlineData("f.csv", "a|b\r\n1|x\r\n2|y, z\r\n")]
    [InlineData("f.csv", "\uFEFFa,b\n1,x\n2,\"y, z\"")]
    [InlineData("f.csv", "a,b\r\n1,x\r\n2,\"y, z\"\r\n")]
    [InlineData("f.csv", "\"b\",\"a\"\n\"x\",1\n\"y, z\",2\n")]
    [InlineData("f.csv", "a,b,\"c\nd;;;;;\"\n1,x,\n\n2,\"y, z\",\"\n\"\n")]
    [InlineData("f.json", "[{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":\"y, z\"}]")]
    [InlineData("f.json", "[\n  {\n    \"a\": 1,\n    \"b\": \"x\"\n  },\n  {\n    \"a\": 2,\n    \"b\": \"y, z\"\n  }\n]\n")]
    [InlineData("f.json", Ndjson)]
    [InlineData("f.json", "\uFEFF[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y, z\"}]")]
    [InlineData("f.ndjson", Ndjson)]
    [InlineData("f.jsonl", "{\"a\":1,\"b\":\"x\"}\r\n\r\n   \r\n{\"b\":\"y, z\",\"a\":2}")]
    [InlineData("f.ndjson", "\uFEFF{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y, z\"}\n")]
    public async Task Run_TextFile_GivesItsRows(string name, string content)
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync(name, content);

        await AssertTwoRowsAsync(pipeline);
    }

    [Theory]
    [InlineData("f.csv.gz", Csv)]
    [InlineData("f.ndjson.gz", Ndjson)]
    [InlineData("f.json.gz", "[" + "{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y, z\"}" + "]")]
    [InlineData("f.csv.zst", Csv)]
    [InlineData("f.ndjson.zst", Ndjson)]
    [InlineData("f.json.zst", "[" + "{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y, z\"}" + "]")]
    public async Task Run_CompressedFile_GivesItsRows(string name, string content)
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync(name, name.EndsWith(".gz", StringComparison.Ordinal) ? FileBytes.Gzip(content) : FileBytes.Zstd(medallion, content));

        await AssertTwoRowsAsync(pipeline);
    }

    [Fact]
    public async Task Run_GzipOfSeveralMembers_GivesItsRows()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("f.csv.gz", [.. FileBytes.Gzip("a,b\n1,x\n"), .. FileBytes.Gzip("2,\"y, z\"\n"), .. FileBytes.Gzip("")]);

        await AssertTwoRowsAsync(pipeline);
    }

    [Theory]
    [InlineData("f.parquet")]
    [InlineData("f.parquet.gz")]
    public async Task Run_Parquet_GivesItsRowsWithItsTypes(string name)
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        var parquet = FileBytes.Parquet(medallion, "select * from (values (1::integer, 'x'), (2, 'y, z')) t(a, b)");
        await pipeline.LandAsync(name, name.EndsWith(".gz", StringComparison.Ordinal) ? FileBytes.Gzip(parquet) : parquet);

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

    [Theory]
    [InlineData("odd [1-9]*?.csv")]
    [InlineData("it's.csv")]
    [InlineData("größe 100%.csv")]
    public async Task Run_NameWithOddCharacters_IsRead(string name)
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync(name, Csv);

        await AssertTwoRowsAsync(pipeline);
    }

    [Fact]
    public async Task Run_VeryLongName_IsRead()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync($"{new string('n', 250)}.csv", Csv);

        await AssertTwoRowsAsync(pipeline);
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
