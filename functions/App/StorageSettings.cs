using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion;

namespace Pipeline.App;

/// <summary>Where the lake and the tables of this deployment are: a connection string on a laptop, an account and the app's identity in Azure.</summary>
internal sealed record StorageSettings
{
    /// <summary>Setting <c>Lake__ConnectionString</c>; without it <c>Lake__Account</c> is used with the app's identity.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Setting <c>Lake__Account</c>: the name of the storage account.</summary>
    public string? Account { get; init; }

    /// <summary>The account's name, whichever setting gives it; an emulator's by default.</summary>
    public string AccountName => string.IsNullOrEmpty(ConnectionString)
        ? Account ?? ""
        : ConnectionString.Split(';').Select(part => part.Split('=', 2)).FirstOrDefault(part => part[0].Trim().Equals("AccountName", StringComparison.OrdinalIgnoreCase))?[^1].Trim() ?? "devstoreaccount1";

    public static StorageSettings Read(IConfiguration configuration)
    {
        var settings = new StorageSettings
        {
            ConnectionString = configuration["Lake:ConnectionString"],
            Account = configuration["Lake:Account"],
            Hierarchical = string.Equals(configuration["Lake:Hierarchical"], "true", StringComparison.OrdinalIgnoreCase),
        };
        return settings is { ConnectionString: null or "", Account: null or "" }
            ? throw new ValidationException("There is no storage: set 'Lake__Account' to the storage account's name (the app's identity is used), or 'Lake__ConnectionString' on a laptop.")
            : settings;
    }

    /// <summary>Setting <c>Lake__Hierarchical</c>: true for an account of ADLS Gen2 that is used through its own endpoint.</summary>
    public bool Hierarchical { get; init; }

    public ILake CreateLake() => Lakes.Open(
        new LakeOptions { ConnectionString = ConnectionString, BlobEndpoint = string.IsNullOrEmpty(ConnectionString) ? Endpoint("blob") : null, Hierarchical = Hierarchical },
        new DefaultAzureCredential());

    public TableServiceClient CreateTables() => string.IsNullOrEmpty(ConnectionString)
        ? new TableServiceClient(Endpoint("table"), new DefaultAzureCredential())
        : new TableServiceClient(ConnectionString);

    /// <summary>Settings <c>Engine__MemoryBytes</c>, <c>Engine__ScratchBytes</c>, <c>Engine__ScratchFolder</c>; the number of activities is that of host.json.</summary>
    public EngineOptions CreateEngineOptions(IConfiguration configuration)
    {
        var defaults = new EngineOptions();
        var options = new EngineOptions
        {
            MemoryBytes = Number(configuration, "Engine:MemoryBytes", defaults.MemoryBytes),
            MaxConcurrentActivities = (int)Number(HostJson(), "extensions:durableTask:maxConcurrentActivityFunctions", defaults.MaxConcurrentActivities),
            ScratchBytes = Number(configuration, "Engine:ScratchBytes", defaults.ScratchBytes),
            ScratchFolder = configuration["Engine:ScratchFolder"] is { Length: > 0 } folder ? folder : defaults.ScratchFolder,
        };
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return options;
    }

    // The host does not hand its settings to the worker; the file lies beside the app in every build.
    private static IConfigurationRoot HostJson() => new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json"), optional: true).Build();

    private static long Number(IConfiguration configuration, string key, long otherwise) => configuration[key] switch
    {
        null or "" => otherwise,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw new ValidationException($"The setting '{key.Replace(":", "__", StringComparison.Ordinal)}' is '{text}': expected a whole number."),
    };

    private Uri Endpoint(string service) => new($"https://{Account}.{service}.core.windows.net");
}
