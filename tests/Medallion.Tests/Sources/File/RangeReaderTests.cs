using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>The law of cut files: whatever the ranges, their records read one range after another are those of the file read as a whole.</summary>
public sealed class RangeReaderTests(MedallionFixture medallion)
{
    /// <summary>Files of chance that the test reads; a thorough run by hand asks for more.</summary>
    private static readonly int Files = int.Parse(Environment.GetEnvironmentVariable("PIPELINE_TEST_CUT_FILES") ?? "16", CultureInfo.InvariantCulture);

    private static readonly (string Name, string Text)[] Edges =
    [
        ("bom.csv", "\uFEFF\"a\",b\n1,x\n2,y\n3,z\n"),
        ("crlf.csv", "a,b\r\n1,x\r\n2,\"y\r\ny\"\r\n3,z"),
        ("noend.csv", "a,b\n1,x\n2,y"),
        ("blank.csv", "a,b\n\n\n1,x\n\n\n\n2,y\n\n"),
        ("header.csv", "a,b,c,d,e,f,g,h,i,j\n"),
        ("long.csv", $"a,b\n1,x\n2,\"{new string('l', 50)}\n{new string('m', 50)}\"\n3,z\n4,\"{new string('l', 50)}\n\n\"\n"),
        ("first-blank.csv", "\na,b\n1,x\n2,y\n"),
        ("quoted-header.csv", "\"a\",\"b\nb\"\n1,x\n2,\"y\"\"\ny\"\n3,z\n"),
        ("swallowed.csv", "a,b\n1,x\n2,\"never closed\n3,y\n4,z\n5,z\n6,z\n"),
        ("inches.csv", "a,b\n1,5\" pipe\n2,x\n3,7\" pipe\n4, \"spaced\n\" \n5,\"x\" y\n6,z\n"),
        ("cr.csv", "a,b\r1,x\r2,y\r3,z\r"),
        ("mixed.csv", "a,b\r\n1,x\n2,y\r\n3,z\n4,\r\n5,u\r\n"),
        ("semicolon.csv", "a;b\n1;x\n2;\"y;\n\"\n"),
        ("lines.ndjson", "\uFEFF{\"a\":1}\r\n\r\n{\"a\":2,\"b\":\"x\"}\r\n{\"a\":\r\n3}\r\n{\"b\":null}"),
    ];

    [Fact]
    public async Task ReadAsync_EdgesOfFiles_GiveTheRecordsOfTheWhole()
    {
        using var session = medallion.Floor.GetRequiredService<Engine>().OpenSession();
        var stager = new FileStager(session);
        foreach (var (name, text) in Edges)
        {
            foreach (var size in new[] { 1, 7, 30 })
            {
                await AssertSameAsync(session, stager, name, text, size);
            }
        }
    }

    [Fact]
    public async Task ReadAsync_RandomFiles_GiveTheRecordsOfTheWhole()
    {
        var random = new Random(20);
        using var session = medallion.Floor.GetRequiredService<Engine>().OpenSession();
        var stager = new FileStager(session);
        for (var n = 0; n < Files; n++)
        {
            var (name, text) = n % 4 == 3 ? ($"f{n}.ndjson", RandomText.Ndjson(random)) : ($"f{n}.csv", RandomText.Csv(random, wild: n % 2 == 1));
            await AssertSameAsync(session, stager, name, text, 20 + random.Next(Math.Max(1, text.Length / 2)));
        }
    }

    private static async Task AssertSameAsync(DuckDbSession session, FileStager stager, string name, string text, int size)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var file = new LandedFile { Path = name, ETag = "1", SizeBytes = bytes.Length };
        var reader = new RangeReader(new OneFileLake(bytes));
        var local = Path.Combine(session.TempDirectory, "raw");
        await System.IO.File.WriteAllBytesAsync(local, bytes);
        var (good, bad) = Rows(session, stager, local, file, once: false);
        var (goodCut, badCut) = (new List<string>(), new List<string>());
        var quoted = false;
        foreach (var range in await reader.CutAsync(file, name.EndsWith("csv", StringComparison.Ordinal), size, default) ?? [])
        {
            var (has, quotes) = await reader.ReadAsync(file, range, local, default);
            if (quotes.BeganInQuotes is { } began && began != quoted)
            {
                (has, _) = await reader.ReadAsync(file, range with { InQuotes = quoted }, local, default);
            }

            quoted = quotes.After(quoted);
            if (has)
            {
                var (goodHere, badHere) = Rows(session, stager, local, file with { Range = range }, once: true);
                goodCut.AddRange(goodHere);
                badCut.AddRange(badHere);
            }
        }

        if (badCut.FirstOrDefault(IsRefusal) is { } refusal)
        {
            // One range that cannot be read refuses the file, when its ranges are put together.
            (goodCut, badCut) = ([], [refusal]);
        }

        if (goodCut.Count + badCut.Count > 0)
        {
            Assert.True(good.SequenceEqual(goodCut) && bad.SequenceEqual(badCut), $"""
                {name} in ranges of {size} bytes:
                {text.Replace("\r", "\\r", StringComparison.Ordinal)}
                whole: {string.Join('|', good)} and {string.Join('|', bad)}
                cut: {string.Join('|', goodCut)} and {string.Join('|', badCut)}
                """);
        }
    }

    private static bool IsRefusal(string reason) => reason.StartsWith("the file cannot be read", StringComparison.Ordinal);

    private static (List<string> Good, List<string> Bad) Rows(DuckDbSession session, FileStager stager, string local, LandedFile file, bool once)
    {
        var number = session.Scalar<long>("select count(*) from duckdb_tables() where table_name like 'rejects_%'");
        var staged = stager.Stage(local, file, null, (int)number, once, default);
        List<string> good = [];
        try
        {
            good = staged.Sql is null ? [] : Texts($"select to_json(t)::varchar from (select * exclude (_row) from ({staged.Sql}) order by _row) t");
            stager.Close(staged, file, (int)number, default);
        }
        catch (Pipeline.Lakehouse.LakehouseException error) when (staged.Unread is not null && stager.TellsOfTheFile(error, FileFormat.Csv, local))
        {
            stager.Refuse(file, error.Message);
        }

        var bad = Texts("select _error || ' in ' || coalesce(_raw, '') from malformed order by _row, 1");
        session.Execute("delete from malformed");
        return (good, bad);

        List<string> Texts(string sql) => [.. session.Query(sql).Rows().Select(r => Sorted((string)r[0]!))];
    }

    // Which keys of JSON a piece has, and in which order, is settled when the pieces are put together.
    private static string Sorted(string row) => row.StartsWith('{')
        ? string.Join(' ', JsonSerializer.Deserialize<Dictionary<string, string?>>(row)!.Where(c => c.Value is not null).OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key}={c.Value}"))
        : row;
}
