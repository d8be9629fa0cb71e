using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>host.json, over which settings of the form AzureFunctionsJobHost__section__key win.</summary>
internal sealed class HostJson(IConfiguration values)
{
    /// <summary>The first part of every function's URL; empty for none.</summary>
    public string RoutePrefix => (values["extensions:http:routePrefix"] ?? "api").Trim('/');

    public IConfigurationSection Logging => values.GetSection("logging");

    public IConfigurationSection DurableTask => values.GetSection("extensions:durableTask");

    public IConfigurationSection EventHubs => values.GetSection("extensions:eventHubs");

    public static HostJson Read(string folder, IConfiguration settings)
    {
        var file = Path.Combine(folder, "host.json");
        try
        {
            return new(new ConfigurationBuilder()
                .AddJsonFile(file, optional: true, reloadOnChange: false)
                .AddConfiguration(settings.GetSection("AzureFunctionsJobHost"))
                .Build());
        }
        catch (InvalidDataException e)
        {
            throw new FunctionsHostException($"{file} cannot be read: {e.InnerException?.Message ?? e.Message}", e);
        }
    }
}
