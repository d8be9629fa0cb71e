using Azure.Data.Tables;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Schemas;

/// <summary>Remembers subjects and compatibility. A subject is one row, so that a change of it is whole, and one of two at once loses.</summary>
internal sealed class SubjectStore(StateTable table)
{
    private const string Subjects = "subjects";
    private const string Config = "config";
    private const string Global = "global";

    /// <summary>A subject; one that is not there has no versions.</summary>
    public async Task<Subject> FindAsync(string name, CancellationToken cancellationToken) =>
        await table.FindAsync(Subjects, RegistryTable.KeyOf(name), cancellationToken) is { } row ? Read(row) : new Subject { Name = name };

    /// <summary>All subjects, by name.</summary>
    public async Task<IReadOnlyList<Subject>> ListAsync(CancellationToken cancellationToken)
    {
        var found = new List<Subject>();
        await foreach (var row in table.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {Subjects}"), cancellationToken))
        {
            found.Add(Read(row));
        }

        return [.. found.OrderBy(s => s.Name, StringComparer.Ordinal)];
    }

    /// <summary>Saves a subject.</summary>
    /// <returns>False where it has changed since it was read.</returns>
    public Task<bool> TrySaveAsync(Subject subject, CancellationToken cancellationToken)
    {
        var row = new TableEntity(Subjects, RegistryTable.KeyOf(subject.Name)) { ["Name"] = subject.Name, ["Compatibility"] = subject.Compatibility?.ToString() };
        RegistryTable.WriteText(row, Json.Write(subject.Versions));
        return subject.AsItWas is { } etag ? table.TryReplaceAsync(row, etag, cancellationToken) : table.TryAddAsync(row, cancellationToken);
    }

    /// <summary>The compatibility of subjects that have none of their own; null: it was never set.</summary>
    public async Task<CompatibilityMode?> GlobalAsync(CancellationToken cancellationToken) =>
        await table.FindAsync(Config, Global, cancellationToken) is { } row ? Mode(row) : null;

    /// <summary>Sets the global compatibility; null: as if it was never set.</summary>
    public Task SetGlobalAsync(CompatibilityMode? mode, CancellationToken cancellationToken) =>
        table.UpsertAsync(new TableEntity(Config, Global) { ["Compatibility"] = mode?.ToString() }, TableUpdateMode.Replace, cancellationToken);

    private static CompatibilityMode? Mode(TableEntity row) => row.GetString("Compatibility") is { } mode ? Enum.Parse<CompatibilityMode>(mode) : null;

    private static Subject Read(TableEntity row) => new()
    {
        Name = row.GetString("Name"),
        Versions = Json.Read<List<SubjectVersion>>(RegistryTable.ReadText(row)),
        Compatibility = Mode(row),
        AsItWas = row.ETag,
    };
}
