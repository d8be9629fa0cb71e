using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

public sealed class DefinitionStoreTests(MedallionFixture medallion)
{
    private readonly DefinitionStore store = medallion.Floor.GetRequiredService<DefinitionStore>();

    [Fact]
    public async Task Load_FilesWithByteOrderMark_AreReadWithoutIt()
    {
        var pipeline = new TestPipeline(medallion.Floor, TestPipeline.FreshName());
        await pipeline.WriteDefinitionAsync("pipeline.yaml", $"\uFEFFname: {pipeline.Name}\nsources: {{orders: {{connector: file, path: a.csv}}}}");
        await pipeline.WriteDefinitionAsync("models/gold/m.sql", "\uFEFFselect 1 as a");

        var compiled = await store.LoadAsync(pipeline.Name, TestContext.Current.CancellationToken);

        Assert.Equal("select 1 as a", compiled.Definition.Models[0].Sql);
    }

    [Fact]
    public async Task Load_ShippedPipeline_Compiles()
    {
        var compiled = await store.LoadAsync("northwind", TestContext.Current.CancellationToken);

        Assert.Equal((8, 7, 4), (compiled.Definition.Sources.Count, compiled.Definition.Models.Count, compiled.Definition.Metrics.Count));
        Assert.Contains("northwind", await store.ListAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("nothing-of-that-name")]
    [InlineData("../northwind")]
    [InlineData(".definitions")]
    [InlineData("")]
    [InlineData("Northwind")]
    public async Task Load_UnknownName_SaysWhichThereAre(string name)
    {
        var error = await Assert.ThrowsAsync<UnknownPipelineException>(() => store.LoadAsync(name, TestContext.Current.CancellationToken));

        Assert.Contains("northwind", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadFrozen_AfterTheDefinitionChanged_GivesWhatTheRunBeganWith()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources: {orders: {connector: file, path: a.csv}}", ("gold.m", "select 1 as a"));
        var frozen = await store.FreezeAsync(pipeline.Name, TestContext.Current.CancellationToken);
        await pipeline.DefineAsync("sources: {orders: {connector: file, path: b.csv}}");

        var other = medallion.Compose(TimeProvider.System).GetRequiredService<DefinitionStore>();
        var loaded = await other.LoadFrozenAsync(pipeline.Name, frozen.Hash, TestContext.Current.CancellationToken);

        Assert.Equal("a.csv", loaded.Definition.Sources[0].Path);
        Assert.Equal("b.csv", (await store.LoadAsync(pipeline.Name, TestContext.Current.CancellationToken)).Definition.Sources[0].Path);
        Assert.Equal(frozen.Steps.Select(s => s.Definition), loaded.Steps.Select(s => s.Definition));
    }

    [Fact]
    public async Task Load_Again_ReadsOnlyWhatHasChanged()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources: {orders: {connector: file, path: a.csv}}", ("gold.m", "select 1 as a"));
        var reads = new ReadLog(pipeline.Lake);
        var watched = medallion.Compose(TimeProvider.System, services => services.AddSingleton<ILake>(reads)).GetRequiredService<DefinitionStore>();

        await watched.LoadAsync(pipeline.Name, TestContext.Current.CancellationToken);
        Assert.Equal(2, reads.Count);
        await watched.LoadAsync(pipeline.Name, TestContext.Current.CancellationToken);
        Assert.Equal(2, reads.Count);
        await pipeline.WriteDefinitionAsync("models/gold/m.sql", "select 2 as a");
        var changed = await watched.LoadAsync(pipeline.Name, TestContext.Current.CancellationToken);

        Assert.Equal("select 2 as a", changed.Definition.Models[0].Sql);
    }

    private sealed class ReadLog(ILake lake) : LakeDecorator(lake)
    {
        public int Count { get; private set; }

        protected override Task BeforeAsync(Call call, string path)
        {
            Count += call == Call.Read ? 1 : 0;
            return Task.CompletedTask;
        }
    }
}
