using System.Reflection;
using Pipeline.Testing;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Pipeline.Local.Tests;

/// <summary>Where the built things lie.</summary>
internal static class Places
{
    public static string FakeApp { get; } = Metadata("FakeApp");

    public static string RealApp { get; } = Metadata("RealApp");

    public static string RepoRoot { get; } = Metadata("RepoRoot");

    public static string Launcher { get; } = typeof(Settings).Assembly.Location;

    public static string NewFolder()
    {
        var folder = Path.Combine(Path.GetTempPath(), "pipeline-local-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Waits for a condition, at most 60 seconds.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"Not within 60 s: {what}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private static string Metadata(string key) => typeof(Places).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;
}
