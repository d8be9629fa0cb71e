using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Quality.Profiling;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Tests.Quality.Profiling;

public sealed class TableProfilerTests(MedallionFixture medallion)
{
    private const string Undeclared = """
        sources:
          items: {connector: file, path: $/*.csv}
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Profile_Bronze_TellsWhatTextIs()
    {
        var pipeline = await LandedAsync("profile-bronze", Dirty(1000));

        var profile = await ProfileAsync(medallion.Floor, "profile-bronze", "bronze.items");

        Assert.Equal((1000L, 1000L, 0L), (profile.Rows, profile.ProfiledRows, profile.Version));
        var columns = profile.Columns.ToDictionary(c => c.Name);
        Assert.DoesNotContain(profile.Columns, c => c.Name.StartsWith('_'));
        Assert.Equal(("VARCHAR", 0L, 1000L, true), (columns["Order_Id"].Type, columns["Order_Id"].Nulls, columns["Order_Id"].Distinct!.Value, columns["Order_Id"].IsDistinctExact));
        Assert.Equal(("1", "1000", 1), (columns["Order_Id"].Min, columns["Order_Id"].Max, columns["Order_Id"].Matches["integer"]));
        Assert.Equal(("0.5", "99.49", 49.995), (columns["Amount"].Min, columns["Amount"].Max, Math.Round(columns["Amount"].Average!.Value, 3)));
        var median = decimal.Parse(columns["Amount"].Quantiles!.P50, CultureInfo.InvariantCulture);
        Assert.InRange(median, 48, 52);
        Assert.Equal(("2024-01-01", "2024-12-30"), (columns["Day"].Min, columns["Day"].Max));
        Assert.StartsWith("2024-0", columns["Day"].Quantiles!.P50, StringComparison.Ordinal);
        Assert.Equal((100L, 0L), (columns["Note"].Nulls, columns["Note"].Blanks));
        Assert.Equal((0.96, 50L), (columns["Mixed"].Matches["integer"], columns["Padded"].Blanks));
        Assert.Equal("[A-Z]{2}-[0-9]{4}", columns["Code"].Pattern);
        Assert.Equal([("Zürich", 500L, 0.5), ("東京", 500L, 0.5)], columns["Stadt__\"Ort\""].Top.Select(t => (t.Value, t.Count, t.Share)));
        Assert.Equal(1, columns["Mail"].Matches["email"]);
        Assert.Equal(new LengthRange(300, 300), columns["Long"].Length);
        Assert.All(columns["Long"].Top, t => Assert.Equal(101, t.Value.Length));
        Assert.Equal("1000", await pipeline.ScalarAsync("select count(*) from silver.items"));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(5)]
    public async Task Suggestion_OfDirtyData_HoldsOnIt(int rows)
    {
        var name = $"profile-dirty{rows}";
        await LandedAsync(name, Dirty(rows));
        var suggestion = (await ProfileAsync(medallion.Floor, name, "bronze.items")).Suggestion;

        await AssertHoldsAsync($"{name}-again", Dirty(rows), suggestion, rows);
    }

    [Fact]
    public async Task Suggestion_OfDirtyData_SaysWhatIsKept()
    {
        await LandedAsync("profile-says", Dirty(1000));

        var lines = (await ProfileAsync(medallion.Floor, "profile-says", "bronze.items")).Suggestion.Split('\n');

        Assert.StartsWith("# From bronze.items of profile-says at version 0: 1,000 rows.", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("key: [order_id]  # ", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("  order_id: {from: \"Order_Id\", type: bigint, required: true", StringComparison.Ordinal));
        Assert.Contains("  amount: {from: \"Amount\", type: \"decimal(18,2)\", required: true, min: 0, max: 110}", lines);
        Assert.Contains("  status: {from: \"Status\", type: varchar, required: true, in: [\"closed \\\"early\\\"\", \"open: yes\"]}", lines);
        Assert.Contains("  code: {from: \"Code\", type: varchar, required: true, pattern: \"[A-Z]{2}-[0-9]{4}\"}", lines);
        Assert.Contains(lines, l => l.StartsWith("  day: {from: \"Day\", type: date, required: true, min: \"2024-01-01\"", StringComparison.Ordinal));
        Assert.Contains("  # 96% of the values are a bigint: with that type, 40 rows would be rejected", lines);
        Assert.Contains("  # not required: 10% of the rows have no value", lines);
        Assert.Contains("  mixed: {from: \"Mixed\", type: varchar, required: true}", lines);
    }

    [Fact]
    public async Task Profile_Typed_TellsOfNumbersDatesAndNestedColumns()
    {
        var pipeline = new TestPipeline(medallion.Floor, "profile-typed");
        await pipeline.DefineAsync(
            """
            sources:
              items:
                connector: file
                path: $/*.csv
                columns:
                  id: {type: bigint, required: true}
                  price: {type: "decimal(18,2)"}
                  sold: {type: date}
                  at: {type: timestamptz}
                  ok: {type: boolean}
            """,
            ("gold.nested", "select id, [id, id + 1] as pair, {'a': id} as inside from silver.items"));
        await pipeline.LandAsync("a.csv", "id,price,sold,at,ok\n" + string.Concat(Enumerable.Range(1, 100).Select(i => FormattableString.Invariant($"{i},{(i % 10 == 0 ? "" : $"{i}.50")},2024-02-{1 + (i % 28):00},2024-02-01T00:00:{i % 60:00}Z,{(i % 2 == 0 ? "true" : "false")}\n"))) + "x,1,2024-01-01,,\n");
        await pipeline.SucceedAsync();

        var silver = (await ProfileAsync(medallion.Floor, "profile-typed", "silver.items")).Columns.ToDictionary(c => c.Name);
        var nested = await ProfileAsync(medallion.Floor, "profile-typed", "gold.nested");
        var rejected = await ProfileAsync(medallion.Floor, "profile-typed", "rejected.items");

        Assert.Equal(("1", "100", 50.5), (silver["id"].Min, silver["id"].Max, silver["id"].Average));
        Assert.Equal((10L, "1.50", "99.50"), (silver["price"].Nulls, silver["price"].Min, silver["price"].Max));
        Assert.Equal(("2024-02-01", "2024-02-28"), (silver["sold"].Min, silver["sold"].Max));
        Assert.StartsWith("2024-02-01T00:00:", silver["at"].Quantiles!.P50, StringComparison.Ordinal);
        Assert.Equal([("false", 50L), ("true", 50L)], silver["ok"].Top.Select(t => (t.Value, t.Count)));
        Assert.Equal([null, null], nested.Columns.Skip(1).Select(c => c.Distinct));
        Assert.Contains("# pair is nested or binary", nested.Suggestion, StringComparison.Ordinal);
        Assert.Equal((1L, 0L), (rejected.Rows, rejected.Columns.Single(c => c.Name == "failures").Nulls));
    }

    [Fact]
    public async Task Profile_EmptyTable_SuggestsTypesOnly()
    {
        var pipeline = new TestPipeline(medallion.Floor, "profile-empty");
        await pipeline.DefineAsync("sources:\n  items: {connector: file, path: $/*.csv, columns: {id: {type: bigint}, label: {type: varchar}}}");
        await pipeline.SucceedAsync();

        var profile = await ProfileAsync(medallion.Floor, "profile-empty", "silver.items");

        Assert.Equal((0L, 2), (profile.Rows, profile.Columns.Count));
        Assert.All(profile.Columns, c => Assert.Equal((0L, null, 0), (c.Nulls, c.Min, c.Top.Count)));
        Assert.Contains("  id: {type: bigint}", profile.Suggestion, StringComparison.Ordinal);
        AssertRead(profile.Suggestion);
    }

    [Fact]
    public async Task Profile_Asked_LooksAtColumnsSamplesAndVersions()
    {
        var pipeline = await LandedAsync("profile-asked", Dirty(100));
        await pipeline.LandAsync("b.csv", Dirty(50));
        await pipeline.SucceedAsync();
        var bronze = TableKey.Parse("bronze.items");
        var profiler = medallion.Floor.GetRequiredService<TableProfiler>();

        var columns = await profiler.ProfileAsync("profile-asked", bronze, default, new ProfileRequest { Columns = ["amount", "_file"] }, Cancelled);
        var sample = await profiler.ProfileAsync("profile-asked", bronze, default, new ProfileRequest { SampleRows = 20 }, Cancelled);
        var first = await profiler.ProfileAsync("profile-asked", bronze, new PointInTime { Number = 0 }, new ProfileRequest(), Cancelled);
        var unknown = await Assert.ThrowsAsync<QueryException>(() => profiler.ProfileAsync("profile-asked", bronze, default, new ProfileRequest { Columns = ["none"] }, Cancelled));

        Assert.Equal(["Amount", "_file"], columns.Columns.Select(c => c.Name));
        Assert.Equal((150L, 20L), (sample.Rows, sample.ProfiledRows));
        Assert.Contains("a sample of them all", sample.Suggestion, StringComparison.Ordinal);
        Assert.Equal((100L, 150L), (first.Rows, columns.Rows));
        Assert.StartsWith("bronze.items has no column 'none': expected some of Order_Id, ", unknown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnknownTableException>(() => ProfileAsync(medallion.Floor, "profile-asked", "silver.none"));
    }

    [Fact]
    public async Task Profile_LargerThanTheCache_BringsTheColumnsAskedFor()
    {
        await LandedAsync("profile-large", Dirty(20_000));
        var whole = await ProfileAsync(medallion.Floor, "profile-large", "bronze.items");
        var bytes = await medallion.Floor.GetRequiredService<TableCatalog>().ListAsync("profile-large", Cancelled);
        var size = bytes.Single(t => t.Layer == "bronze").Bytes;
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(new EngineOptions { ScratchBytes = size, ScratchFolder = Directory.CreateTempSubdirectory("profile-").FullName }));

        var narrow = await floor.GetRequiredService<TableProfiler>().ProfileAsync("profile-large", TableKey.Parse("bronze.items"), default, new ProfileRequest { Columns = ["Order_Id", "Status"] }, Cancelled);

        Assert.Equal(whole.Columns.Single(c => c.Name == "Status").Top, narrow.Columns[1].Top);
        Assert.Equal((20_000L, "20000"), (narrow.Columns[0].Distinct!.Value, narrow.Columns[0].Max));
    }

    [Fact]
    public async Task Profile_LargerThanTheCache_ReadsFileByFile()
    {
        var pipeline = await LandedAsync("profile-streamed", Dirty(2000));
        foreach (var file in new[] { "b.csv", "c.csv" })
        {
            await pipeline.LandAsync(file, Dirty(2000));
            await pipeline.SucceedAsync();
        }

        // Half of it is the cache: one of the three files fits, not all of them.
        var bronze = (await medallion.Floor.GetRequiredService<TableCatalog>().ListAsync("profile-streamed", Cancelled)).Single(t => t.Layer == "bronze");
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(new EngineOptions { ScratchBytes = bronze.Bytes, ScratchFolder = Directory.CreateTempSubdirectory("profile-").FullName }));

        var streamed = await ProfileAsync(floor, "profile-streamed", "bronze.items");

        var whole = await ProfileAsync(medallion.Floor, "profile-streamed", "bronze.items");
        Assert.Equal((3, 6000L), (bronze.Files, streamed.ProfiledRows));
        Assert.Equal(whole.Columns.Select(Told), streamed.Columns.Select(Told));

        static string Told(ColumnProfile c) => $"{c.Name} {c.Nulls} {c.Distinct} {c.IsDistinctExact} {c.Min} {c.Max} {string.Join(' ', c.Top)}";
    }

    private static Task<TableProfile> ProfileAsync(IServiceProvider floor, string pipeline, string table) =>
        floor.GetRequiredService<TableProfiler>().ProfileAsync(pipeline, TableKey.Parse(table), default, new ProfileRequest(), Cancelled);

    private async Task<TestPipeline> LandedAsync(string name, string csv)
    {
        var pipeline = new TestPipeline(medallion.Floor, name);
        await pipeline.DefineAsync(Undeclared);
        await pipeline.LandAsync("a.csv", csv);
        await pipeline.SucceedAsync();
        return pipeline;
    }

    // As a pipeline of the same files: nothing is rejected, nothing is lost.
    private async Task AssertHoldsAsync(string name, string csv, string suggestion, int rows)
    {
        AssertRead(suggestion);
        var pipeline = new TestPipeline(medallion.Floor, name);
        await pipeline.DefineAsync($"sources:\n  items:\n    connector: file\n    path: $/*.csv\n{Indented(suggestion)}");
        await pipeline.LandAsync("a.csv", csv);

        var report = await pipeline.SucceedAsync();

        Assert.Equal([], await pipeline.RejectedAsync("items"));
        Assert.Equal((rows, 0), (report["silver.items"].RowsOut, report["silver.items"].RowsRejected));
    }

    private static void AssertRead(string suggestion)
    {
        var yaml = $"name: p\nsources:\n  items:\n    connector: file\n    path: p/*.csv\n{Indented(suggestion)}";
        var (definition, problems) = DefinitionReader.Read(new DefinitionFiles { Name = "p", Files = new SortedDictionary<string, string> { ["pipeline.yaml"] = yaml } });
        Assert.Empty(problems);
        Assert.NotEmpty(Assert.Single(definition.Sources).Columns);
    }

    private static string Indented(string text) => string.Concat(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => $"    {l}\n"));

    private static string Dirty(int rows)
    {
        var csv = new StringBuilder("Order Id,Amount,Day,Status,Code,Mixed,Note,Padded,Flag,When,Mail,Id,Zip,Ratio,Null,\"Stadt, \"\"Ort\"\"\",Long\n");
        for (var i = 1; i <= rows; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{i},{i % 100}.{(i % 2 == 0 ? "5" : "49")}");
            csv.Append(CultureInfo.InvariantCulture, $",{new DateOnly(2024, 1, 1).AddDays(i % 365 == 0 ? 0 : i % 365):yyyy-MM-dd}");
            csv.Append(i % 2 == 0 ? ",open: yes" : ",\"closed \"\"early\"\"\"");
            csv.Append(CultureInfo.InvariantCulture, $",{(char)('A' + (i % 20))}{(char)('A' + (i % 10))}-{i % 100:0000}");
            csv.Append(i % 25 == 0 ? ",n/a" : FormattableString.Invariant($",{i}"));
            csv.Append(i % 10 == 0 ? "," : ",\"a note\nwith lines, 'quotes' and \\ ümläute\"");
            csv.Append(i % 20 == 0 ? ",\"  \"" : ", x ");
            csv.Append(i % 3 == 0 ? ",True" : ",false");
            csv.Append(CultureInfo.InvariantCulture, $",2024-03-0{1 + (i % 9)}T10:00:00Z,user{i}@example.com,{new Guid(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)},0{1000 + (i % 7)},{i}e-3,");
            csv.Append(i % 2 == 0 ? ",Zürich," : ",東京,").Append('x', 300).Append('\n');
        }

        return csv.ToString();
    }
}
