using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Pipeline.Nuget.Tests;

/// <summary>What the build for Azure consists of, as MSBuild evaluates it; nothing is restored.</summary>
public sealed class NugetBuildTests
{
    private static readonly string Root = typeof(NugetBuildTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepoRoot").Value!;

    [Fact]
    public async Task App_Nuget_HasTheRealPackagesAndHostJson()
    {
        var app = await EvaluateAsync("functions/App/App.csproj", "nuget");

        foreach (var package in new[]
        {
            "Microsoft.Azure.Functions.Worker", "Microsoft.Azure.Functions.Worker.Sdk", "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore",
            "Microsoft.Azure.Functions.Worker.Extensions.DurableTask", "Microsoft.Azure.Functions.Worker.Extensions.EventHubs", "Microsoft.Azure.Functions.Worker.Extensions.SignalRService", "Azure.Messaging.EventHubs", "Microsoft.ML",
        })
        {
            Assert.Contains(package, app.Packages);
        }

        Assert.Contains("host.json", app.Links);
        Assert.DoesNotContain(app.Everything, item => item.Contains("/local/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("functions/Medallion/Medallion.csproj", "Azure.Data.Tables")]
    [InlineData("functions/Medallion/Medallion.csproj", "Oracle.ManagedDataAccess.Core")]
    [InlineData("functions/Medallion/Medallion.csproj", "Microsoft.ML")]
    [InlineData("functions/Lakehouse/Lakehouse.csproj", "Azure.Storage.Files.DataLake")]
    public async Task Library_Nuget_HasTheRealPackageAndNoStandIn(string project, string package)
    {
        var nuget = await EvaluateAsync(project, "nuget");
        Assert.Contains(package, nuget.Packages);
        Assert.DoesNotContain(nuget.Everything, item => item.Contains("/local/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lakehouse_EachBuild_HasItsLakes()
    {
        var nuget = await EvaluateAsync("functions/Lakehouse/Lakehouse.csproj", "nuget");
        var local = await EvaluateAsync("functions/Lakehouse/Lakehouse.csproj", "local");
        string[] adls = ["AdlsLake.Open.cs", "AdlsLake.Writing.cs", "AdlsLake.cs"];

        Assert.Equal(adls, nuget.Sources.Where(name => name.StartsWith("Adls", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(adls, nuget.Sources.Except(local.Sources).Order(StringComparer.Ordinal));
        Assert.Empty(local.Sources.Except(nuget.Sources));
    }

    [Fact]
    public async Task Medallion_EachBuild_HasItsDatabasesAndTrainers()
    {
        var nuget = await EvaluateAsync("functions/Medallion/Medallion.csproj", "nuget");
        var local = await EvaluateAsync("functions/Medallion/Medallion.csproj", "local");

        Assert.Equal(["MlNetTrainer.Add.cs", "MlNetTrainer.cs", "OracleDialect.Add.cs", "OracleDialect.cs", "OracleTypes.cs"], nuget.Sources.Except(local.Sources).Order(StringComparer.Ordinal));
        Assert.Empty(local.Sources.Except(nuget.Sources));
    }

    [Fact]
    public async Task App_Local_HasNoPackageOfTheFunctionsHost()
    {
        var app = await EvaluateAsync("functions/App/App.csproj", "local");
        Assert.DoesNotContain(app.Packages, package => package.StartsWith("Microsoft.Azure.", StringComparison.Ordinal));
        Assert.Contains(app.Everything, item => item.Contains("/local/sdk/", StringComparison.Ordinal));
    }

    private static async Task<Evaluation> EvaluateAsync(string project, string azureSdk)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true, WorkingDirectory = Root };
        foreach (var argument in new[] { "msbuild", project, $"-p:AzureSdk={azureSdk}", "-getItem:PackageReference,Compile,ProjectReference,None" })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
        using var json = JsonDocument.Parse(output);
        var items = json.RootElement.GetProperty("Items");
        return new Evaluation
        {
            Packages = Names(items, "PackageReference", "Identity"),
            Sources = Names(items, "Compile", "Identity").Where(path => !path.Contains("/obj/", StringComparison.Ordinal)).Select(path => Path.GetFileName(path)).ToList(),
            Links = Names(items, "None", "Link"),
            Everything = items.EnumerateObject().SelectMany(kind => Names(items, kind.Name, "FullPath")).Select(path => path[Root.TrimEnd('/').Length..]).ToList(),
        };
    }

    private static List<string> Names(JsonElement items, string kind, string property) => items.GetProperty(kind).EnumerateArray()
        .Select(item => item.TryGetProperty(property, out var value) ? value.GetString()!.Replace('\\', '/') : "").ToList();

    private sealed record Evaluation
    {
        public required List<string> Packages { get; init; }

        public required List<string> Sources { get; init; }

        public required List<string> Links { get; init; }

        public required List<string> Everything { get; init; }
    }
}
