using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests;

/// <summary>A pipeline of one test: its definition in the container, its files below <c>landing/NAME/</c>.</summary>
internal sealed class TestPipeline(IServiceProvider floor, string name)
{
    private static int count;

    public string Name => name;

    public IServiceProvider Floor => floor;

    public ILake Lake => floor.GetRequiredService<ILake>();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A pipeline of a name of its own; '$' in the definition stands for its folder in landing.</summary>
    public static async Task<TestPipeline> CreateAsync(MedallionFixture medallion, string yaml, params (string Table, string Sql)[] models)
    {
        var pipeline = new TestPipeline(medallion.Floor, FreshName());
        await pipeline.DefineAsync(yaml, models);
        return pipeline;
    }

    public static string FreshName() => $"p{Interlocked.Increment(ref count)}";

    /// <summary>The same pipeline, seen by another instance of the app.</summary>
    public TestPipeline On(IServiceProvider other) => new(other, name);

    public async Task DefineAsync(string yaml, params (string Table, string Sql)[] models)
    {
        await Lake.DeleteDirectoryAsync(new LakePath("pipelines", name), Cancelled);
        await WriteDefinitionAsync("pipeline.yaml", $"name: {name}\n{yaml.Replace("$", name, StringComparison.Ordinal)}");
        foreach (var (table, sql) in models)
        {
            await WriteDefinitionAsync($"models/{table.Replace('.', '/')}.sql", sql);
        }
    }

    public Task LandAsync(string file, string content) => LandAsync(file, Encoding.UTF8.GetBytes(content));

    /// <summary>Uploads as our uploader does: with the hash of the content.</summary>
    public async Task LandAsync(string file, byte[] content)
    {
        var local = Path.GetTempFileName();
        await File.WriteAllBytesAsync(local, content, Cancelled);
        await Lake.UploadAsync(local, LandingPath(file), overwrite: true, Cancelled);
        File.Delete(local);
    }

    public Task RemoveAsync(string file) => Lake.DeleteAsync(LandingPath(file), Cancelled);

    public LakePath LandingPath(string file) => new("landing", $"{name}/{file}");

    public Task<RunReport> RunAsync(params string[] select) => RunAsync(fullRefresh: false, select);

    public async Task<RunReport> RunAsync(bool fullRefresh, params string[] select) =>
        await new RunDriver(floor).RunAsync(await RequestAsync(fullRefresh, select), Cancelled);

    /// <summary>A run that must succeed.</summary>
    public async Task<RunReport> SucceedAsync(params string[] select)
    {
        var report = await RunAsync(select);
        Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
        return report;
    }

    /// <summary>A backfill that must succeed; every activity is done twice.</summary>
    public async Task<RunReport> BackfillAsync(string from, string to, params string[] select)
    {
        var report = await new RunDriver(floor) { Attempts = 2 }.RunAsync(await RequestAsync(fullRefresh: false, select) with { Backfill = DateRange.Parse(from, to) }, Cancelled);
        Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
        return report;
    }

    public async Task<RunRequest> RequestAsync(bool fullRefresh = false, params string[] select)
    {
        var claim = await floor.GetRequiredService<RunStore>().ClaimAsync(RunRequest.For(name), (_, _) => Task.FromResult<bool?>(false), Cancelled);
        return new RunRequest { RunId = claim.RunId, Pipeline = name, Select = [.. select.Select(TableKey.Parse)], FullRefresh = fullRefresh };
    }

    /// <summary>Rows as text: values joined by '|', null as 'null'.</summary>
    public async Task<IReadOnlyList<string>> QueryAsync(string sql) => [.. (await AnswerAsync(sql)).Rows.Select(r => string.Join('|', r.Select(Text)))];

    public async Task<string> ScalarAsync(string sql) => Assert.Single(await QueryAsync(sql));

    public Task<QueryAnswer> AnswerAsync(string sql) => floor.GetRequiredService<SqlQuery>().RunAsync(name, sql, Cancelled);

    /// <summary>The rejected rows of a source: line, failed rules with column and value.</summary>
    public Task<IReadOnlyList<string>> RejectedAsync(string source) => QueryAsync(
        $"select row, list_transform(failures, lambda f: concat_ws(':', f.rule, f.column, f.value)).list_aggregate('string_agg', ' ') from rejected.{source} order by file, row, 2");

    public async Task<DefinitionException> RefusedAsync()
    {
        var request = await RequestAsync();
        return await Assert.ThrowsAsync<DefinitionException>(() => floor.GetRequiredService<PipelineSteps>().PlanAsync(request, "plan", Cancelled));
    }

    /// <summary>How a source fails that cannot be looked at, after the plan was made all the same.</summary>
    public async Task<T> UnscannedAsync<T>(string source)
        where T : Exception
    {
        var steps = floor.GetRequiredService<PipelineSteps>();
        var plan = await steps.PlanAsync(await RequestAsync(), "plan", Cancelled);
        var step = plan.Steps.Single(s => s.Table == new TableKey("bronze", source));
        Assert.True(step.Unscanned);
        return await Assert.ThrowsAsync<T>(() => steps.ScanSourceAsync(plan.WorkOf(step, plan.Versions), "scan", Cancelled));
    }

    public Task WriteDefinitionAsync(string path, string content) => Lake.WriteAsync(new LakePath("pipelines", $"{name}/{path}"), Encoding.UTF8.GetBytes(content), Cancelled);

    private static string Text(JsonNode? node) => node switch { null => "null", JsonValue value => value.ToString(), _ => node.ToJsonString() };
}
