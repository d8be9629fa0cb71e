using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Tests.Mart;

/// <summary>A pipeline with one table of every kind of column, and the questions of tests to it.</summary>
internal sealed class MartPipeline
{
    public const string Table = "silver.f";

    private const string Definition = """
        sources:
          f:
            connector: file
            path: $/*.csv
            columns: {id: {type: bigint}, name: {type: varchar}, amount: {type: double}, price: {type: "decimal(18,4)"}, day: {type: date}, seen: {type: timestamp}, ok: {type: boolean}}
        metrics:
          total: {from: silver.f, expr: "sum(price)"}
          rows: {from: silver.f, expr: "count(*)"}
          raw: {from: bronze.f, expr: "count(*)"}
        """;

    private readonly TestPipeline pipeline;

    private MartPipeline(TestPipeline pipeline) => this.pipeline = pipeline;

    public string Name => pipeline.Name;

    public TestPipeline Pipeline => pipeline;

    public DataMart Mart => pipeline.Floor.GetRequiredService<DataMart>();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>With these rows; an empty text is a null.</summary>
    public static async Task<MartPipeline> StartAsync(MedallionFixture medallion, IEnumerable<MartRow> rows)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition);
        await LandAsync(pipeline, "a.csv", rows);
        await pipeline.SucceedAsync();
        return new MartPipeline(pipeline);
    }

    public static async Task LandAsync(TestPipeline pipeline, string file, IEnumerable<MartRow> rows)
    {
        var csv = new StringBuilder("id,name,amount,price,day,seen,ok\n");
        foreach (var row in rows)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{row.Id},{(row.Name is null ? "" : $"\"{row.Name}\"")},{row.Amount:R},{row.Price},{row.Day:yyyy-MM-dd},{row.Seen:yyyy-MM-dd HH:mm:ss},{row.Ok}\n");
        }

        await pipeline.LandAsync(file, csv.ToString());
    }

    public MartQuery Ask(string json) => Read<MartQuery>(json);

    public FeatureQuery AskFeatures(string json) => Read<FeatureQuery>(json);

    public async Task<MartAnswer> AnswerAsync(MartQuery query)
    {
        using var rows = await Mart.QueryAsync(query, Cancelled);
        return await ReadAsync(rows);
    }

    public async Task<MartAnswer> AnswerAsync(FeatureQuery query)
    {
        using var rows = await Mart.QueryAsync(query, Cancelled);
        return await ReadAsync(rows);
    }

    /// <summary>The answer's rows, a text each.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string json) => Texts((await AnswerAsync(Ask(json))).Rows);

    public async Task<IReadOnlyList<string>> FeaturesAsync(string json) => Texts((await AnswerAsync(AskFeatures(json))).Rows);

    public async Task<string> RefusedAsync(string json) => (await Assert.ThrowsAsync<QueryException>(() => AnswerAsync(Ask(json)))).Message;

    public async Task<string> FeaturesRefusedAsync(string json) => (await Assert.ThrowsAsync<QueryException>(() => AnswerAsync(AskFeatures(json)))).Message;

    public static IReadOnlyList<string> Texts(IEnumerable<JsonArray> rows) => [.. rows.Select(r => string.Join('|', r.Select(v => v?.ToString() ?? "")))];

    private static async Task<MartAnswer> ReadAsync(MartRows rows)
    {
        using var stream = new MemoryStream();
        await rows.WriteJsonAsync(stream, Cancelled);
        return Json.Read<MartAnswer>(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private T Read<T>(string json)
    {
        var body = JsonNode.Parse(json)!.AsObject();
        body["pipeline"] ??= Name;
        body["from"] ??= Table;
        return body.Deserialize<T>(Json.Options)!;
    }
}

/// <summary>A row of the table.</summary>
internal sealed record MartRow(long Id)
{
    public string? Name { get; init; }

    public double? Amount { get; init; }

    public decimal? Price { get; init; }

    public DateOnly? Day { get; init; }

    public DateTime? Seen { get; init; }

    public bool? Ok { get; init; }
}
