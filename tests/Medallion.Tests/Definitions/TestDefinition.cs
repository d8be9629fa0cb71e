using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

/// <summary>Compiles definitions from text.</summary>
internal static class TestDefinition
{
    /// <summary>Two columns of one source; what a case adds begins at line 8.</summary>
    public const string Orders = """
        name: shop
        sources:
          orders:
            connector: file
            path: shop/orders.csv
            columns:
              id: {type: bigint, required: true}
              amount: {type: "decimal(18,4)"}

        """;

    public static CompiledPipeline Compile(MedallionFixture medallion, string yaml, params (string Path, string Text)[] files)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal) { [DefinitionFiles.PipelineFile] = yaml };
        foreach (var (path, text) in files)
        {
            all[path] = text;
        }

        return medallion.Floor.GetRequiredService<DefinitionCompiler>().Compile(new DefinitionFiles { Name = "shop", Files = all });
    }

    public static IReadOnlyList<string> Problems(MedallionFixture medallion, string yaml, params (string Path, string Text)[] files) =>
        [.. Assert.Throws<DefinitionException>(() => Compile(medallion, yaml, files)).Problems.Select(p => p.ToString())];

    /// <summary>The one problem of a definition.</summary>
    public static string Problem(MedallionFixture medallion, string yaml, params (string Path, string Text)[] files) => Assert.Single(Problems(medallion, yaml, files));
}
