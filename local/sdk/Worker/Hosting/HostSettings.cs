using System.Reflection;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Where the host finds functions and files.</summary>
internal sealed record HostSettings
{
    /// <summary>The types searched for functions.</summary>
    public required IReadOnlyList<Type> Types { get; init; }

    public required string ApplicationName { get; init; }

    /// <summary>The folder of host.json and local.settings.json.</summary>
    public required string ScriptRoot { get; init; }

    /// <summary>
    /// True if the process is the app's: local settings then become environment variables, and a start that fails ends in a sentence and an exit code.
    /// </summary>
    public required bool OwnsProcess { get; init; }

    public static HostSettings OfProcess()
    {
        var app = Assembly.GetEntryAssembly() ?? throw new InvalidOperationException("The process has no entry assembly to take functions from.");
        return new()
        {
            Types = app.GetTypes(),
            ApplicationName = app.GetName().Name ?? "",
            ScriptRoot = Environment.GetEnvironmentVariable("AzureWebJobsScriptRoot")
                ?? Environment.GetEnvironmentVariable("FUNCTIONS_APPLICATION_DIRECTORY")
                ?? AppContext.BaseDirectory,
            OwnsProcess = true,
        };
    }
}
