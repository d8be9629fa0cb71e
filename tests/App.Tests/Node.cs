using System.Diagnostics;
using System.Text.Json;

namespace Pipeline.App.Tests;

/// <summary>Runs a client in Node; its packages are those of package-lock.json.</summary>
internal static class Node
{
    /// <summary>What a script wrote, which is JSON.</summary>
    /// <param name="script">The script, from the folder of these tests.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<JsonElement> RunAsync(string script, params string[] arguments)
    {
        var file = Path.Combine(LocalApp.RepoRoot, "tests", "App.Tests", script);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var node = Process.Start(new ProcessStartInfo("node", [file, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = node.StandardError.ReadToEndAsync(deadline.Token);
        var output = await node.StandardOutput.ReadToEndAsync(deadline.Token);
        await node.WaitForExitAsync(deadline.Token);
        Assert.True(node.ExitCode == 0, await errors);
        return JsonSerializer.Deserialize<JsonElement>(output);
    }
}
