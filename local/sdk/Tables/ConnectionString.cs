namespace Azure.Data.Tables;

/// <summary>The two parts of a storage connection string that matter here.</summary>
internal sealed record ConnectionString(Uri Endpoint, TableSharedKeyCredential Credential)
{
    private const string DevelopmentAccount = "devstoreaccount1";

    // Published by Microsoft; it opens nothing but an emulator.
    private const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public static ConnectionString Parse(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        var settings = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2))
            .ToDictionary(part => part[0], part => part.Length == 2 ? part[1] : throw Invalid($"'{part[0]}' has no value"), StringComparer.OrdinalIgnoreCase);
        if (settings.TryGetValue("UseDevelopmentStorage", out var development) && bool.TryParse(development, out var local) && local)
        {
            return new(new Uri($"http://127.0.0.1:10002/{DevelopmentAccount}"), new TableSharedKeyCredential(DevelopmentAccount, DevelopmentKey));
        }

        if (!settings.TryGetValue("AccountName", out var account) || !settings.TryGetValue("AccountKey", out var key))
        {
            throw Invalid("AccountName and AccountKey are needed");
        }

        if (!settings.TryGetValue("TableEndpoint", out var endpoint))
        {
            var suffix = settings.GetValueOrDefault("EndpointSuffix", "core.windows.net");
            endpoint = $"{settings.GetValueOrDefault("DefaultEndpointsProtocol", "https")}://{account}.table.{suffix}";
        }

        return new(new Uri(endpoint), new TableSharedKeyCredential(account, key));
    }

    // The text itself holds a key: it is never part of a message.
    private static FormatException Invalid(string reason) => new($"The storage connection string cannot be used: {reason}.");
}
