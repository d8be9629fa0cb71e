using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.LakeTesting;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>A bad file never stops the others: what can be read is kept, the rest is told with file, line and raw text.</summary>
public sealed class BadFileTests(MedallionFixture medallion)
{
    private const string Good = "a,b\n7,good\n";

    [Fact]
    public async Task Run_FilesWithoutRows_GiveNone()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("good.csv", Good);
        foreach (var ((name, content), number) in new[] { ("csv", ""), ("csv", "a,b\n"), ("csv", "a,b"), ("ndjson", ""), ("ndjson", "\n\n"), ("json", "[]"), ("json", "  \n"), ("csv.gz", "") }.Select((f, n) => (f, n)))
        {
            await pipeline.LandAsync($"empty-{number}.{name}", content);
        }

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["7|good"], await pipeline.RawAsync());
        Assert.Empty(await pipeline.MalformedAsync());
        await pipeline.BalancedAsync(report);
    }

    [Theory]
    [InlineData("bad.csv", "a,b\n1,x\n2\n3,y\n4,z,too,many\n5,last\n", "1|x 3|y 5|last", "bad.csv|3|missing columns|\"2\" bad.csv|5|too many columns|\"4,z,too,many\"")]
    [InlineData("bad.ndjson", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\n\n[1]\n{\"a\":3,\"b\":\"y\"}\nnull\n", "1|x 3|y", "bad.ndjson|2|not a JSON object|\"{\\\"a\\\":2,\" bad.ndjson|4|not a JSON object|\"[1]\" bad.ndjson|6|not a JSON object|\"null\"")]
    [InlineData("bad.ndjson", "{\"a\":1,\"b\":\"x\\u0000\"}\n{\"a\":2,\"b\\u0000\":\"y\"}\n{\"a\":3,\"b\":\"y\"}\n", "1|x\0 3|y", "bad.ndjson|2|a key holds a NUL character|\"{\\\"a\\\":2,\\\"b\\\\u0000\\\":\\\"y\\\"}\"")]
    [InlineData("bad.json", "[{\"a\":1,\"b\":\"x\"}, 2, [3], {\"a\":3,\"b\":\"y\"}]", "1|x 3|y", "bad.json|2|not a JSON object|\"2\" bad.json|3|not a JSON object|\"[3]\"")]
    public async Task Run_BadLines_AreRejectedWithLineAndText(string name, string content, string good, string bad)
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("good.csv", Good);
        await pipeline.LandAsync(name, content);

        var report = await pipeline.SucceedAsync();

        Assert.Equal($"{good} 7|good", string.Join(' ', await pipeline.RawAsync()));
        var malformed = (await pipeline.MalformedAsync()).Select(m => string.Join('|', m.Split('|').Select((part, i) => i == 2 ? part.Split(':')[0] : part)));
        Assert.Equal(bad, string.Join(' ', malformed));
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_FilesThatCannotBeRead_AreRefusedAsAWhole()
    {
        (string Name, string Kind, string Reason)[] files =
        [
            ("00-bad.csv.gz", "truncated gzip", "truncated"),
            ("01-bad.csv.gz", "truncated member", "truncated"),
            ("02-bad.csv.gz", "not gzip", ""),
            ("03-bad.csv.zst", "truncated zstd", "truncated"),
            ("04-bad.csv.zst", "not zstd", "not zstd data"),
            ("05-bad.parquet", "text", ""),
            ("06-bad.parquet", "truncated parquet", ""),
            ("07-bad.parquet", "corrupt parquet", ""),
            ("08-bad.parquet", "time parquet", "TIME"),
            ("09-bad.json", "cut off json", ""),
            ("10-bad.json", "text", ""),
            ("11-bad.csv.zst", "damaged zstd", ""),
            ("12-bad.parquet", "damaged footer", ""),
            ("13-bad.csv", "NUL in the header", "NUL"),
            ("14-bad.parquet", "parquet without its middle", ""),
            ("15-bad.csv", "wide header", "7001 columns"),
            ("16-bad.csv", "header wider than memory", "30001 columns"),
            ("17-bad.csv", "header wider than memory after a stray quote", "30001 columns"),
            ("18-bad.csv.zst", "packed header wider than memory", "30001 columns"),
            ("19-bad.parquet", "parquet with NUL in a name", "NUL"),
        ];
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("good.csv", Good);
        foreach (var (name, kind, _) in files)
        {
            await pipeline.LandAsync(name, Bytes(kind));
        }

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["7|good"], await pipeline.RawAsync());
        var refused = await pipeline.MalformedAsync();
        Assert.All(files.Zip(refused), pair =>
        {
            Assert.StartsWith($"{pair.First.Name}|0|the file cannot be read: ", pair.Second, StringComparison.Ordinal);
            Assert.Contains(pair.First.Reason, pair.Second, StringComparison.Ordinal);
        });
        Assert.Equal(files.Length, refused.Count);
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_CorruptParquetAlone_IsRefusedAsAWhole()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("bad.parquet", Bytes("corrupt parquet"));

        var report = await pipeline.RunAsync();

        Assert.True(report.Run.Error is null, report.Run.Error);
        Assert.StartsWith("bad.parquet|0|the file cannot be read: ", Assert.Single(await pipeline.MalformedAsync()), StringComparison.Ordinal);
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_Utf16_IsRead()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("bad.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("a,b\n1,Größe\n")]);

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|Größe"], await pipeline.RawAsync());
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_Latin1_KeepsTheGoodRowsAndTellsOfTheOthers()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("good.csv", Good);
        await pipeline.LandAsync("bad.csv", Encoding.Latin1.GetBytes("a,b\n1,plain\n2,Größe\n3,end\n"));

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|plain", "3|end", "7|good"], await pipeline.RawAsync());
        var malformed = Assert.Single(await pipeline.MalformedAsync());
        Assert.StartsWith("bad.csv|3|", malformed, StringComparison.Ordinal);
        Assert.Contains("unicode", malformed, StringComparison.OrdinalIgnoreCase);
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_Latin1Ndjson_KeepsTheGoodRowsAndTellsOfTheOthers()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("bad.ndjson", Encoding.Latin1.GetBytes("{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"Größe\"}\n{\"a\":3,\"b\":\"y\"}\n"));

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|x", "3|y"], await pipeline.RawAsync());
        Assert.StartsWith("bad.ndjson|2|", Assert.Single(await pipeline.MalformedAsync()), StringComparison.Ordinal);
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_BadLineCutWithinACharacter_IsKeptAsText()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        string[] texts = [.. from letter in new[] { "ü", "€", "\U0001F600" } from shift in Enumerable.Range(0, 4) select new string('x', shift) + string.Concat(Enumerable.Repeat(letter, 6000))];
        foreach (var (number, text) in texts.Index())
        {
            // The short line is what lets DuckDB keep the half character of the long one.
            await pipeline.LandAsync($"{number}.csv", $"a,b\nü,too,many\n{text},too,many\n7,good\n");
            await pipeline.LandAsync($"{number}.ndjson", [.. "ü"u8, 0xFF, (byte)'\n', .. Encoding.UTF8.GetBytes(text), 0xFF, .. "\n{\"a\":7,\"b\":\"good\"}\n"u8]);
        }

        var report = await pipeline.SucceedAsync();

        Assert.Equal(Enumerable.Repeat("7|good", 2 * texts.Length), await pipeline.RawAsync());
        var lines = await pipeline.QueryAsync("select regexp_full_match(_raw, 'x{0,3}(ü+|€+|\U0001F600+)[?]{0,3}') from bronze.f where _error is not null and strlen(_raw) > 20");
        Assert.Equal(Enumerable.Repeat("true", 2 * texts.Length), lines);
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_UnclosedQuote_LosesNothingSilently()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("good.csv", Good);
        await pipeline.LandAsync("bad.csv", "a,b\n1,\"x\"\n2,\"never closed\n3,y\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|x", "7|good"], await pipeline.RawAsync());
        Assert.Contains(await pipeline.MalformedAsync(), m => m.StartsWith("bad.csv|", StringComparison.Ordinal) && m.Contains("quote", StringComparison.Ordinal));
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_FieldOfTenMegabytes_IsKept()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("f.csv", $"a,b\n1,{new string('x', 10_000_000)}\n2,y\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|10000000", "2|1"], await pipeline.QueryAsync("select a, length(b) from silver.f order by a"));
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_FieldOfTwentyMegabytes_IsRejected()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("good.csv", Good);
        await pipeline.LandAsync("bad.csv", $"a,b\n1,{new string('x', 20_000_000)}\n2,y\n");

        var report = await pipeline.RunAsync();

        Assert.True(report.Run.Error is null, report.Run.Error);
        Assert.Contains("7|good", await pipeline.RawAsync());
        Assert.NotEmpty(await pipeline.MalformedAsync());
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_UnknownFormat_FailsTheStepWithTheFilesName()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("report.xlsx", "PK");

        var report = await pipeline.RunAsync();

        Assert.Equal(StepStatus.Failed, report["bronze.f"].Status);
        Assert.Equal(StepStatus.Skipped, report["silver.f"].Status);
        Assert.Contains($"'{pipeline.Name}/report.xlsx' is not known: its name ends in '.xlsx'", report["bronze.f"].Error, StringComparison.Ordinal);
    }

    private byte[] Bytes(string kind)
    {
        var many = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i},value{i * 7919 % 10007}\n"));
        var parquet = FileBytes.Parquet(medallion, "select i as a, 'value' || hash(i) as b from range(5000) t(i)");
        return kind switch
        {
            "truncated gzip" => FileBytes.Gzip("a,b\n" + many)[..^200],
            "truncated member" => [.. FileBytes.Gzip("a,b\n1,x\n"), .. FileBytes.Gzip(many)[..^200]],
            "truncated zstd" => FileBytes.Zstd(medallion, "a,b\n" + many)[..^200],
            "truncated parquet" => parquet[..^200],
            "damaged zstd" => [.. FileBytes.Zstd(medallion, "a,b\n" + many).Select((b, i) => i is > 10 and < 60 ? (byte)(b ^ 0x5A) : b)],
            "damaged footer" => [.. parquet[..^100], .. Enumerable.Repeat((byte)0xFF, 92), .. parquet[^8..]],
            "parquet without its middle" => [.. parquet[..50], .. parquet[^1000..]],
            "wide header" => Encoding.UTF8.GetBytes($"a{new string(',', 7000)}\n1,x\n"),
            "parquet with NUL in a name" => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(FileBytes.Parquet(medallion, "select 1 as a, 2 as \"n?l\"")).Replace("n?l", "n\0l", StringComparison.Ordinal)),
            "header wider than memory" => Encoding.UTF8.GetBytes($"a{new string(',', 30_000)}\n1,x\n"),
            "header wider than memory after a stray quote" => Encoding.UTF8.GetBytes($"a\"{new string(',', 30_000)}\n1,x\n"),
            "packed header wider than memory" => FileBytes.Zstd(medallion, $"a{new string(',', 30_000)}\n1,x\n"),
            "NUL in the header" => Encoding.UTF8.GetBytes("a,b\0\n1,x\n"),
            "corrupt parquet" => [.. parquet.Select((b, i) => i is > 100 and < 20_000 ? (byte)(b ^ 0x5A) : b)],
            "time parquet" => FileBytes.Parquet(medallion, "select 1 as a, time '10:00' as b"),
            "cut off json" => Encoding.UTF8.GetBytes("[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":"),
            _ => Encoding.UTF8.GetBytes("this is plain text, whatever its name says"),
        };
    }

    [Fact]
    public async Task Run_StorageRefusesARowsFile_FailsTheStepAndDoesNotBlameTheLandingFile()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("good.csv", Good);
        var refusing = medallion.Compose(
            TimeProvider.System,
            services => services.AddSingleton(s => new DataFileWriter(new RefusingOnce(s.GetRequiredService<ILake>()), s.GetRequiredService<FileCache>())));

        var failed = await pipeline.On(refusing).RunAsync();
        await pipeline.SucceedAsync();

        Assert.Equal("the storage refused", failed["bronze.f"].Error);
        Assert.Equal(["7|good"], await pipeline.RawAsync());
        Assert.Empty(await pipeline.MalformedAsync());
    }

    private sealed class RefusingOnce(ILake lake) : LakeDecorator(lake)
    {
        private int uploads;

        protected override Task BeforeAsync(Call call, string path) =>
            call == Call.Upload && uploads++ == 0 ? throw new TerminalException("the storage refused") : Task.CompletedTask;
    }
}
