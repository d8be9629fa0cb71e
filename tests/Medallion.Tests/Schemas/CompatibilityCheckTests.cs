using System.Diagnostics.CodeAnalysis;
using Pipeline.Medallion.Schemas;

namespace Pipeline.Medallion.Tests.Schemas;

public sealed class CompatibilityCheckTests
{
    private const string Closed = "\"additionalProperties\":false";
    private static readonly IReadOnlyList<Case> All = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Schemas", "cases.txt"))
        .Where(line => line.Length > 0 && line[0] != '#').Chunk(5).Select(block => new Case(block[0], block[1], block[2], Differences(block[3]), Differences(block[4])))];

    public static TheoryData<string, CompatibilityMode> Pairs => [.. All.SelectMany(c => Enum.GetValues<CompatibilityMode>().Select(mode => (c.Name, mode)))];

    [Fact]
    public void Cases_Count_IsAtLeast120OfDistinctNames() => Assert.True(All.Select(c => c.Name).Distinct().Count() == All.Count && All.Count >= 120, $"{All.Count}");

    [Theory]
    [MemberData(nameof(Pairs))]
    [SuppressMessage("Usage", "xUnit1045", Justification = "An enum is serializable.")]
    public void Run_Pair_FindsTheDifferencesThatTheModeAsksFor(string name, CompatibilityMode mode)
    {
        var pair = All.Single(c => c.Name == name);
        var (backward, forward) = mode switch
        {
            CompatibilityMode.None => (false, false),
            CompatibilityMode.Backward or CompatibilityMode.BackwardTransitive => (true, false),
            CompatibilityMode.Forward or CompatibilityMode.ForwardTransitive => (false, true),
            _ => (true, true),
        };
        string[] expected = [.. backward ? pair.Backward : [], .. forward ? pair.Forward : []];

        var found = CompatibilityCheck.Run(SchemaDocument.Parse(pair.New), [(1, SchemaDocument.Parse(pair.Old))], mode);

        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Select(i => $"{i.Rule} {i.Path}").Order(StringComparer.Ordinal));
    }

    /// <summary>A field that goes in version 2 comes back as another type in version 3: only the transitive modes see version 1.</summary>
    [Theory]
    [InlineData(CompatibilityMode.None, 0)]
    [InlineData(CompatibilityMode.Backward, 0)]
    [InlineData(CompatibilityMode.BackwardTransitive, 1)]
    public void Run_FieldThatComesBackWithAnotherType_FailsTransitively(CompatibilityMode mode, int incompatibilities)
    {
        var v1 = Parse($$"""{"type":"object","properties":{"id":{"type":"integer"},"a":{"type":"string"} },{{Closed}} }""");
        var v2 = Parse("""{"type":"object","properties":{"id":{"type":"integer"}},"additionalProperties":{"type":"integer"}}""");
        var v3 = Parse("""{"type":"object","properties":{"id":{"type":"integer"},"a":{"type":"integer"}},"additionalProperties":{"type":"integer"}}""");

        var found = CompatibilityCheck.Run(v3, [(1, v1), (2, v2)], mode);

        Assert.Equal(Enumerable.Repeat((1, "TYPE_CHANGED", "#/properties/a"), incompatibilities), found.Select(i => (i.Version, i.Rule, i.Path)));
    }

    [Theory]
    [InlineData(CompatibilityMode.Backward, true)]
    [InlineData(CompatibilityMode.BackwardTransitive, false)]
    [InlineData(CompatibilityMode.Forward, true)]
    [InlineData(CompatibilityMode.ForwardTransitive, false)]
    [InlineData(CompatibilityMode.Full, true)]
    [InlineData(CompatibilityMode.FullTransitive, false)]
    public void Run_NotTransitive_LooksAtTheNewestOnly(CompatibilityMode mode, bool compatible)
    {
        var number = Parse("""{"type":"number"}""");

        Assert.Equal(compatible, CompatibilityCheck.Run(number, [(1, Parse("""{"type":"string"}""")), (2, number)], mode).Count == 0);
    }

    [Fact]
    public void Run_Incompatible_TellsWhatWasAndWhatIs()
    {
        var found = CompatibilityCheck.Run(Parse("""{"type":"string","maxLength":5}"""), [(7, Parse("""{"type":"string","maxLength":8}"""))], CompatibilityMode.Full);

        var only = Assert.Single(found);
        Assert.Equal(new Incompatibility(7, "BACKWARD", "#/maxLength", "MAX_LENGTH_DECREASED", "8", "5"), only);
        Assert.Equal("MAX_LENGTH_DECREASED at #/maxLength: version 7 has 8, the new schema has 5 (BACKWARD)", only.ToString());
    }

    /// <summary>Definitions that all refer to each other: every pair of them is met on the way.</summary>
    [Fact]
    public void Run_ManyDefinitionsThatReferToEachOther_Ends()
    {
        var old = Parse(Web("integer"));

        Assert.Empty(CompatibilityCheck.Run(Parse(Web("number")), [(1, old)], CompatibilityMode.Backward));
        Assert.NotEmpty(CompatibilityCheck.Run(Parse(Web("string")), [(1, old)], CompatibilityMode.Backward));

        static string Web(string type)
        {
            var references = string.Join(',', Enumerable.Range(0, 12).Select(i => $$"""{"$ref":"#/definitions/d{{i}}"}"""));
            var definitions = string.Join(',', Enumerable.Range(0, 12).Select(i => $$"""
                "d{{i}}":{"type":"object","properties":{"v{{i}}":{"type":"{{type}}"},"next":{"anyOf":[{{references}}]} },"required":["v{{i}}"]}
                """));
            return $$"""{"$ref":"#/definitions/d0","definitions":{ {{definitions}} } }""";
        }
    }

    /// <summary>Inside a recursive pair that is taken for compatible lies one that is not: what rested on it is looked at again.</summary>
    [Fact]
    public void Run_RecursionBehindAChoice_IsNotTakenForCompatibleTooEarly()
    {
        const string Old = """{"$ref":"#/definitions/a","definitions":{"a":{"type":"object","properties":{"x":{"oneOf":[{"$ref":"#/definitions/a"}]},"y":{"type":"string"}}}}}""";

        var found = CompatibilityCheck.Run(Parse(Old.Replace("string", "integer", StringComparison.Ordinal)), [(1, Parse(Old))], CompatibilityMode.Backward);

        Assert.Contains(found, i => (i.Rule, i.Path) == ("TYPE_CHANGED", "#/properties/y"));
        Assert.Contains(found, i => i.Path.StartsWith("#/properties/x", StringComparison.Ordinal));
    }

    private static SchemaDocument Parse(string text) => SchemaDocument.Parse(text);

    private static string[] Differences(string line) => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private sealed record Case(string Name, string Old, string New, string[] Backward, string[] Forward);
}
