namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>What became of one file: bronze as it was read, and what was rejected.</summary>
internal static class FileReading
{
    /// <summary>A source 'f' without a contract that takes every file of the pipeline's folder, so that columns are those that files have.</summary>
    public static Task<TestPipeline> AnyFilesAsync(MedallionFixture medallion, string options = "") =>
        TestPipeline.CreateAsync(medallion, $"sources:\n  f:\n    connector: file\n    path: $/*\n{options}");

    /// <summary>A source 'f' with the columns a (bigint) and b (varchar).</summary>
    public static Task<TestPipeline> TwoColumnsAsync(MedallionFixture medallion, string options = "") =>
        AnyFilesAsync(medallion, $"{options}    columns:\n      a: {{type: bigint}}\n      b: {{type: varchar}}\n");

    public static Task<IReadOnlyList<string>> RawAsync(this TestPipeline pipeline, string columns = "a, b") =>
        pipeline.QueryAsync($"select {columns} from bronze.f where _error is null order by _file, _row");

    /// <summary>The malformed records: file, line, and whether its raw text is kept.</summary>
    public static Task<IReadOnlyList<string>> MalformedAsync(this TestPipeline pipeline) =>
        pipeline.QueryAsync("select split_part(file, '/', 2), row, failures[1].reason, raw from rejected.f where failures[1].rule = 'malformed' order by file, row");

    /// <summary>In = out + rejected in every step, and no text shows where files lie on this machine.</summary>
    public static async Task BalancedAsync(this TestPipeline pipeline, RunReport report)
    {
        var bronze = long.Parse(await pipeline.ScalarAsync("select count(*) from bronze.f"), System.Globalization.CultureInfo.InvariantCulture);
        var silver = report["silver.f"];
        Assert.Equal(bronze, report["bronze.f"].RowsOut);
        Assert.Equal(bronze, silver.RowsOut + silver.RowsRejected);
        foreach (var row in await pipeline.QueryAsync("select coalesce(_error, '') from bronze.f"))
        {
            Assert.DoesNotContain("medallion-", row, StringComparison.Ordinal);
            Assert.DoesNotContain("/tmp/", row, StringComparison.Ordinal);
        }
    }
}
