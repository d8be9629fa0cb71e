using Pipeline.Local.Emulators;
using Pipeline.Local.Samples;

namespace Pipeline.Local;

/// <summary>The pipelines that bring their own data. The bytes are the same every time.</summary>
internal static class Sample
{
    /// <summary>The sample that commands mean where no other is named.</summary>
    public const string Pipeline = "northwind";

    /// <summary>Whether a pipeline is one of the samples.</summary>
    public static bool Is(string pipeline) => pipeline is Pipeline or ClientSales.Pipeline;

    /// <summary>Writes a sample's files to the folder of its name below the one given.</summary>
    public static Task WriteAsync(string pipeline, string landingFolder, CancellationToken cancellationToken) =>
        pipeline == ClientSales.Pipeline ? new ClientSales().WriteAsync(landingFolder, cancellationToken) : WriteNorthwindAsync(landingFolder, cancellationToken);

    // The Northwind company as JSON files, written by a script from an npm package.
    private static async Task WriteNorthwindAsync(string landingFolder, CancellationToken cancellationToken)
    {
        await using var script = ChildProcess.Start(
            "node", [Path.Combine(Azurite.NpmFolder, "northwind.mjs"), Path.Combine(landingFolder, Pipeline)], environment: null, workingFolder: null, logFile: null,
            "Node.js was not found: 'node' is needed to write the sample's data. Install Node.js 20 or later (https://nodejs.org) and try again.");
        await script.Exited.WaitAsync(cancellationToken);
        if (script.ExitCode != 0)
        {
            throw new LaunchException($"The sample's data could not be written: {script.LastOutput}");
        }
    }
}
