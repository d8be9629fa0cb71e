using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Schemas;

namespace Pipeline.Medallion.Tests.Schemas;

public sealed class SchemaRegistryTests(MedallionFixture medallion)
{
    private static int subjects;
    private readonly SchemaRegistry registry = medallion.Floor.GetRequiredService<SchemaRegistry>();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Register_SameSchemaByManyAtOnce_IsOneIdAndOneVersion()
    {
        var subject = FreshName();
        var instances = Enumerable.Range(0, 4).Select(_ => medallion.Compose(TimeProvider.System).GetRequiredService<SchemaRegistry>()).ToList();
        string[] spellings = [$$"""{"type":"object","title":"{{subject}}"}""", $$"""{ "title": "{{subject}}", "type": "object" }"""];

        var ids = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => instances[i % 4].RegisterAsync(subject, SchemaDocument.Parse(spellings[i % 2]), Cancelled)));

        var id = Assert.Single(ids.Distinct());
        Assert.Equal([1], await registry.VersionsAsync(subject, deleted: true, Cancelled));
        Assert.Equal([(subject, 1)], await registry.UsesAsync(id, deleted: true, Cancelled));
    }

    [Fact]
    public async Task Register_ManySchemasAtOnce_GivesEachItsOwnIdAndVersion()
    {
        var subject = FreshName();
        await registry.SetCompatibilityAsync(subject, CompatibilityMode.None, Cancelled);

        var ids = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => registry.RegisterAsync(subject, Titled($"{subject}-{i}"), Cancelled)));

        Assert.Equal(12, ids.Distinct().Count());
        Assert.Equal(Enumerable.Range(1, 12), await registry.VersionsAsync(subject, deleted: false, Cancelled));
        var found = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i => (await registry.FindAsync(ids[i], Cancelled)).Hash == Titled($"{subject}-{i}").Hash));
        Assert.DoesNotContain(false, found);
    }

    [Fact]
    public async Task Register_OfTwoThatExcludeEachOther_OneIsRefused()
    {
        var subject = FreshName();

        var results = await Task.WhenAll(new[] { "string", "integer" }.Select(type => Record.ExceptionAsync(() => registry.RegisterAsync(subject, Of(subject, type), Cancelled)).AsTask()));

        Assert.Equal(409, Assert.IsType<SchemaRegistryException>(Assert.Single(results, r => r is not null)).Code);
        Assert.Equal([1], await registry.VersionsAsync(subject, deleted: true, Cancelled));
    }

    [Fact]
    public async Task Register_SameSchemaInOtherSubjects_HasTheSameId()
    {
        var (one, other) = (FreshName(), $"{FreshName()}/with ~ % signs é");
        var schema = Titled(one);

        var id = await registry.RegisterAsync(one, schema, Cancelled);

        Assert.Equal(id, await registry.RegisterAsync(other, schema, Cancelled));
        Assert.Equal(new[] { (one, 1), (other, 1) }.Order(), (await registry.UsesAsync(id, deleted: false, Cancelled)).Order());
        Assert.Contains(other, await registry.ListAsync(other, deleted: false, Cancelled));
    }

    [Fact]
    public async Task Register_LargeSchema_IsReadBackWhole()
    {
        var subject = FreshName();
        var text = $$"""{"title":"{{subject}}","description":"{{string.Concat(Enumerable.Repeat("é😀", 100_000))}}"}""";
        var id = await registry.RegisterAsync(subject, SchemaDocument.Parse(text), Cancelled);

        var other = medallion.Compose(TimeProvider.System).GetRequiredService<SchemaRegistry>();

        Assert.Equal(text, (await other.FindAsync(id, Cancelled)).Text);
    }

    [Fact]
    public async Task Register_Incompatible_IsRefusedAndLeavesNothing()
    {
        var subject = FreshName();
        await registry.RegisterAsync(subject, Of(subject, "string"), Cancelled);
        var wanted = Of(subject, "integer");

        var error = await Assert.ThrowsAsync<SchemaRegistryException>(() => registry.RegisterAsync(subject, wanted, Cancelled));

        Assert.Equal(409, error.Code);
        Assert.Contains("TYPE_CHANGED at #/properties/a: version 1 has", error.Message, StringComparison.Ordinal);
        Assert.Equal([1], await registry.VersionsAsync(subject, deleted: true, Cancelled));
        await Refused(40403, () => registry.LookUpAsync(subject, wanted, deleted: true, Cancelled));
    }

    [Fact]
    public async Task Check_ModeOfSubjectAndGlobal_Holds()
    {
        var subject = FreshName();
        await registry.RegisterAsync(subject, Of(subject, "integer"), Cancelled);
        var wider = Of(subject, "number");

        Assert.Empty(await registry.CheckAsync(subject, wider, Cancelled));
        await registry.SetCompatibilityAsync(subject, CompatibilityMode.Full, Cancelled);
        var found = Assert.Single(await registry.CheckAsync(subject, "latest", wider, Cancelled));
        Assert.Equal(("FORWARD", "TYPE_NARROWED"), (found.Direction, found.Rule));
        Assert.Equal(CompatibilityMode.Full, await registry.DeleteCompatibilityAsync(subject, Cancelled));
        await Refused(40408, () => registry.CompatibilityAsync(subject, orGlobal: false, Cancelled));
        Assert.Equal(CompatibilityMode.BackwardTransitive, await registry.CompatibilityAsync(subject, orGlobal: true, Cancelled));
        Assert.Empty(await registry.CheckAsync(subject, "1", wider, Cancelled));
        await Refused(40402, () => registry.CheckAsync(subject, "2", wider, Cancelled));
        await Refused(40401, () => registry.CheckAsync(FreshName(), "1", wider, Cancelled));
        Assert.Empty(await registry.CheckAsync(FreshName(), "latest", wider, Cancelled));
    }

    [Fact]
    public async Task Delete_Version_GoesInTwoSteps()
    {
        var subject = FreshName();
        var first = await registry.RegisterAsync(subject, Of(subject, "integer"), Cancelled);
        await registry.RegisterAsync(subject, Of(subject, "number"), Cancelled);

        await Refused(40407, () => registry.DeleteVersionAsync(subject, "1", permanent: true, Cancelled));
        Assert.Equal(1, await registry.DeleteVersionAsync(subject, "1", permanent: false, Cancelled));
        await Refused(40406, () => registry.DeleteVersionAsync(subject, "1", permanent: false, Cancelled));
        await Refused(40402, () => registry.FindAsync(subject, "1", deleted: false, Cancelled));
        Assert.Equal(first, (await registry.FindAsync(subject, "1", deleted: true, Cancelled)).Id);
        Assert.Equal(Of(subject, "integer").Hash, (await registry.FindAsync(first, Cancelled)).Hash);
        Assert.Empty(await registry.UsesAsync(first, deleted: false, Cancelled));
        Assert.Equal(1, await registry.DeleteVersionAsync(subject, "1", permanent: true, Cancelled));
        await Refused(40402, () => registry.DeleteVersionAsync(subject, "1", permanent: true, Cancelled));
        await Refused(40403, () => registry.FindAsync(first, Cancelled));
        Assert.Equal([2], await registry.VersionsAsync(subject, deleted: true, Cancelled));
    }

    [Fact]
    public async Task Delete_VersionThenRegisterAgain_IsANewVersionOfTheSameId()
    {
        var subject = FreshName();
        await registry.SetCompatibilityAsync(subject, CompatibilityMode.None, Cancelled);
        var id = await registry.RegisterAsync(subject, Of(subject, "integer"), Cancelled);
        await registry.RegisterAsync(subject, Of(subject, "string"), Cancelled);
        await registry.DeleteVersionAsync(subject, "1", permanent: false, Cancelled);

        Assert.Equal(id, await registry.RegisterAsync(subject, Of(subject, "integer"), Cancelled));
        Assert.Equal([2, 3], await registry.VersionsAsync(subject, deleted: false, Cancelled));
        Assert.Equal([1, 2, 3], await registry.VersionsAsync(subject, deleted: true, Cancelled));
    }

    [Fact]
    public async Task Delete_Subject_GoesInTwoStepsAndTakesItsCompatibility()
    {
        var subject = FreshName();
        var id = await registry.RegisterAsync(subject, Of(subject, "integer"), Cancelled);
        await registry.RegisterAsync(subject, Of(subject, "number"), Cancelled);
        await registry.SetCompatibilityAsync(subject, CompatibilityMode.Full, Cancelled);

        await Refused(40405, () => registry.DeleteSubjectAsync(subject, permanent: true, Cancelled));
        Assert.Equal([1, 2], await registry.DeleteSubjectAsync(subject, permanent: false, Cancelled));
        await Refused(40404, () => registry.DeleteSubjectAsync(subject, permanent: false, Cancelled));
        await Refused(40401, () => registry.VersionsAsync(subject, deleted: false, Cancelled));
        Assert.Empty(await registry.ListAsync(subject, deleted: false, Cancelled));
        Assert.Equal([subject], await registry.ListAsync(subject, deleted: true, Cancelled));
        await Refused(40408, () => registry.CompatibilityAsync(subject, orGlobal: false, Cancelled));
        Assert.NotNull(await registry.FindAsync(id, Cancelled));
        Assert.Equal([1, 2], await registry.DeleteSubjectAsync(subject, permanent: true, Cancelled));
        await Refused(40401, () => registry.DeleteSubjectAsync(subject, permanent: true, Cancelled));
        await Refused(40403, () => registry.FindAsync(id, Cancelled));
        await registry.RegisterAsync(subject, Of(subject, "string"), Cancelled);
        Assert.Equal([1], await registry.VersionsAsync(subject, deleted: true, Cancelled));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public async Task Register_BadName_IsRefused(string subject) => await Refused(42208, () => registry.RegisterAsync(subject, Titled("x"), Cancelled));

    [Theory]
    [InlineData("0")]
    [InlineData("-2")]
    [InlineData("newest")]
    [InlineData("99999999999")]
    public async Task Find_BadVersion_IsRefused(string version) => await Refused(42202, () => registry.FindAsync("any", version, deleted: false, Cancelled));

    private static async Task Refused(int code, Func<Task> request) => Assert.Equal(code, (await Assert.ThrowsAsync<SchemaRegistryException>(request)).Code);

    private static string FreshName() => $"registry-{Interlocked.Increment(ref subjects)}";

    private static SchemaDocument Titled(string title) => SchemaDocument.Parse($$"""{"title":"{{title}}"}""");

    private static SchemaDocument Of(string subject, string type) => SchemaDocument.Parse($$"""{"title":"{{subject}}","type":"object","properties":{"a":{"type":"{{type}}"} } }""");
}
