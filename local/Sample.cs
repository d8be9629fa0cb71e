using Pipeline.Local.Emulators;

namespace Pipeline.Local;

/// <summary>The sample's data: the Northwind company as JSON files, written by a script from an npm package.</summary>
internal static class Sample
{
    public const string Pipeline = "northwind";

    /// <summary>Writes the files to `northwind/` below the folder; the bytes are the same every time.</summary>
    public static async Task WriteAsync(string landingFolder, CancellationToken cancellationToken)
    {
        await using var script = ChildProcess.Start(
            "node", [Path.Combine(Azurite.NpmFolder, "northwind.mjs"), Path.Combine(landingFolder, "northwind")], environment: null, workingFolder: null, logFile: null,
            "Node.js was not found: 'node' is needed to write the sample's data. Install Node.js 20 or later (https://nodejs.org) and try again.");
        await script.Exited.WaitAsync(cancellationToken);
        if (script.ExitCode != 0)
        {
            throw new LaunchException($"The sample's data could not be written: {script.LastOutput}");
        }
    }
}
