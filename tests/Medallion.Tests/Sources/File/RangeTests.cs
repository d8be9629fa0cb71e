using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>The law of cut files: whatever the size of the ranges, bronze is what it is of the file read as a whole, but for the values of <c>_row</c>.</summary>
public sealed class RangeTests(MedallionFixture medallion)
{
    private const string Order = "order by _file, _error is not null, _row";

    [Fact]
    public async Task Run_FilesInRanges_GiveTheBronzeOfWholeFiles() => await AssertSameAsync(
        [
            ("long.csv", $"a,b\n1,x\n2,\"{new string('l', 300)}\n{new string('m', 300)}\"\n3,z\n4,\"\n{new string('n', 300)}\"\n"),
            ("swallowed.csv", $"a,b\n1,x\n2,\"never closed\n{string.Concat(Enumerable.Repeat("3,y\n", 40))}"),
            ("text.csv", string.Concat(Enumerable.Range(0, 30).Select(n => n == 0 ? "a,b\r\n" : $"{n},\"said \"\"so\"\",\r\n{n}, and so\"\r\n"))),
            ("names.ndjson", "{\"a b\":1}\n{\"a_b\":2}\n{\"A_B\":3}\n{\"a_b\":4}\n{\"a b\":5,\"x\":1}\n{\"a_b\":2}\n{\"A_B\":3}\n{\"a_b\":4}\n{\"a b\":5,\"x\":1}\n"),
            ("mixed.csv", "a,b\r\n1,x\n2,y\r\n3,z\r\n4,\r\n5,u\r\n4,\r\n5,u\r\n4,\r\n5,u\r\n4,\r\n5,u\r\n"),
            ("nested.json", "[{\"a\":1},\n{\"a\":2}]"),
        ],
        [50]);

    [Fact]
    public async Task Run_CutFile_NumbersRowsInTheOrderOfTheFile()
    {
        var (pipeline, _) = await StartAsync(20);
        await pipeline.LandAsync("f.csv", $"n,b\n{string.Concat(Enumerable.Range(0, 50).Select(n => $"{n},x\n"))}");

        var report = await pipeline.SucceedAsync();

        Assert.True(report.Plan.Steps[0].Parts > 10);
        Assert.Equal(["50|50|true"], await pipeline.QueryAsync("select count(*), count(distinct _row), list(n::int order by _row) = range(50) from bronze.f"));
        Assert.Equal(["50"], await pipeline.QueryAsync("select count(*) from silver.f where n::varchar = n"));
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_CutFileChanged_ReplacesAllItsRows()
    {
        var (pipeline, _) = await StartAsync(16);
        await pipeline.LandAsync("f.csv", "n,b\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n");
        await pipeline.LandAsync("small.csv", "n,b\n7,s\n");
        await pipeline.SucceedAsync();
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        await pipeline.LandAsync("f.csv", "n,b\n1,y\n2,y\n3,y\n4,y\n5,y\n8,y\n9,y\n");
        var report = await new RunDriver(pipeline.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), TestContext.Current.CancellationToken);

        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
        Assert.Equal(["1|y", "2|y", "3|y", "4|y", "5|y", "7|s", "8|y", "9|y"], await pipeline.QueryAsync("select n, b from bronze.f order by n"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_CutFileReplacedBetweenItsRanges_FailsTheStepAndCommitsNothing()
    {
        var (pipeline, _) = await StartAsync(16);
        await pipeline.LandAsync("f.csv", "n,b\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n");
        var driver = new RunDriver(pipeline.Floor) { Landed = part => part == 0 ? pipeline.LandAsync("f.csv", "n,b\n1,z\n2,x\n3,x\n4,x\n5,x\n6,x\n") : Task.CompletedTask };

        var report = await driver.RunAsync(await pipeline.RequestAsync(), TestContext.Current.CancellationToken);

        Assert.Contains("it was replaced meanwhile", report["bronze.f"].Error, StringComparison.Ordinal);
        await pipeline.SucceedAsync();
        Assert.Equal(["6|1"], await pipeline.QueryAsync("select count(*), count(*) filter (b = 'z') from bronze.f"));
    }

    [Fact]
    public async Task Detect_ColumnThatIsEmptyInARange_HasTheTypeOfTheOthers()
    {
        var (pipeline, _) = await StartAsync(16);
        await pipeline.LandAsync("f.csv", "n,b,c\n1,,\n2,,\n3,,\n4,,\n5,7,\n6,8,\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["BIGINT|BIGINT|VARCHAR"], await pipeline.QueryAsync("select distinct typeof(n), typeof(b), typeof(c) from silver.f"));
    }

    private async Task<(TestPipeline Pipeline, TestPipeline Whole)> StartAsync(long partBytes)
    {
        var whole = await FileReading.AnyFilesAsync(medallion);
        return (whole.On(medallion.Compose(TimeProvider.System, services => services.AddSingleton(new EngineOptions
        {
            ScratchFolder = Path.Combine(Path.GetTempPath(), "pipeline-range-tests"),
            PartBytes = partBytes,
        }))), whole);
    }

    private async Task AssertSameAsync((string Name, string Text)[] files, long[] sizes)
    {
        var expected = await BronzeAsync(files, long.MaxValue);
        foreach (var size in sizes)
        {
            var actual = await BronzeAsync(files, size);
            foreach (var (name, text) in files)
            {
                Assert.True(expected[name] == actual[name], $"{name} in ranges of {size} bytes:\n{text.ReplaceLineEndings("\\n\n")}\nwhole:\n{expected[name]}\ncut:\n{actual[name]}");
            }
        }
    }

    private async Task<Dictionary<string, string>> BronzeAsync((string Name, string Text)[] files, long partBytes)
    {
        var (pipeline, _) = await StartAsync(partBytes);
        foreach (var (name, text) in files)
        {
            await pipeline.LandAsync(name, Encoding.UTF8.GetBytes(text));
        }

        var report = await pipeline.RunAsync("bronze.f");
        Assert.True(report.Run.Error is null, report.Run.Error);
        var rows = await pipeline.AnswerAsync($"select split_part(_file, '/', 2) as file, to_json(t)::varchar as row from (select * exclude (_row, _ingested_at, _source, _run_id, _file), _file from bronze.f {Order}) t");
        return files.ToDictionary(f => f.Name, f => string.Join('\n', rows.Rows.Where(r => r[0]?.ToString() == f.Name).Select(r => r[1]?.ToString().Replace(pipeline.Name, "P", StringComparison.Ordinal))));
    }
}
