using System.Globalization;
using Azure.Data.Tables;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Schemas;

/// <summary>A registry of JSON Schemas that behaves as Confluent's does. Any number of instances may work on one table at once.</summary>
public sealed partial class SchemaRegistry
{
    /// <summary>What holds until a compatibility is set.</summary>
    public const CompatibilityMode DefaultCompatibility = CompatibilityMode.BackwardTransitive;

    private const string Latest = "latest";
    private readonly StateTable table;
    private readonly SubjectStore subjects;
    private readonly SchemaStore schemas;

    /// <summary>A registry in the Azure table <c>schemas</c>.</summary>
    public SchemaRegistry(TableServiceClient tables)
    {
        table = new StateTable(tables, RegistryTable.Name);
        subjects = new SubjectStore(table);
        schemas = new SchemaStore(table);
    }

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => table.CreateAsync(cancellationToken);

    /// <summary>Makes a schema the next version of a subject, unless it is a version already.</summary>
    /// <returns>The schema's id.</returns>
    /// <exception cref="SchemaRegistryException">It does not go with earlier versions (409), or the name cannot be kept (42208).</exception>
    public async Task<int> RegisterAsync(string subject, SchemaDocument schema, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schema);
        while (true)
        {
            var current = await subjects.FindAsync(subject, cancellationToken);
            if (await schemas.FindIdAsync(schema, cancellationToken) is { } known && current.Live.Any(v => v.Id == known))
            {
                return known;
            }

            var mode = await ModeAsync(current, cancellationToken);
            var incompatibilities = CompatibilityCheck.Run(schema, await ReadAsync(current.Live, cancellationToken), mode);
            if (incompatibilities.Count > 0)
            {
                throw SchemaRegistryException.Incompatible(subject, incompatibilities);
            }

            var id = await schemas.AddAsync(schema, subject, cancellationToken);
            if (await subjects.TrySaveAsync(current.WithNext(id), cancellationToken))
            {
                return id;
            }

            // The subject changed in between: what is asked is asked of the new one.
        }
    }

    /// <summary>The names of subjects.</summary>
    /// <param name="prefix">Only those that begin so; empty: all.</param>
    /// <param name="deleted">Whether those are listed too of which all versions are soft-deleted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<string>> ListAsync(string prefix, bool deleted, CancellationToken cancellationToken) =>
        [.. (await subjects.ListAsync(cancellationToken)).Where(s => s.Listed(deleted).Count > 0 && s.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(s => s.Name)];

    /// <summary>The numbers of a subject's versions.</summary>
    /// <exception cref="SchemaRegistryException">There are none (40401).</exception>
    public async Task<IReadOnlyList<int>> VersionsAsync(string subject, bool deleted, CancellationToken cancellationToken) =>
        [.. (await ExistingAsync(subject, deleted, cancellationToken)).Listed(deleted).Select(v => v.Number)];

    /// <summary>A version of a subject.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="version">A number, or <c>latest</c>.</param>
    /// <param name="deleted">Whether it may be soft-deleted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="SchemaRegistryException">There is no such subject (40401) or version (40402), or it is neither a number nor <c>latest</c> (42202).</exception>
    public async Task<RegisteredSchema> FindAsync(string subject, string version, bool deleted, CancellationToken cancellationToken)
    {
        var number = Number(version);
        var found = Pick((await ExistingAsync(subject, deleted, cancellationToken)).Listed(deleted), number, version);
        return new RegisteredSchema(subject, found.Number, found.Id, await ReadAsync(found.Id, cancellationToken));
    }

    /// <summary>The newest version of a subject; null: it has none.</summary>
    public async Task<RegisteredSchema?> FindLatestAsync(string subject, CancellationToken cancellationToken) =>
        (await subjects.FindAsync(subject, cancellationToken)).Live.LastOrDefault() is { Number: > 0 } latest
            ? new RegisteredSchema(subject, latest.Number, latest.Id, await ReadAsync(latest.Id, cancellationToken))
            : null;

    /// <summary>The version of a subject that a schema is.</summary>
    /// <exception cref="SchemaRegistryException">There is no such subject (40401), or it has no such schema (40403).</exception>
    public async Task<RegisteredSchema> LookUpAsync(string subject, SchemaDocument schema, bool deleted, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var versions = (await ExistingAsync(subject, deleted, cancellationToken)).Listed(deleted);
        return await schemas.FindIdAsync(schema, cancellationToken) is { } id && versions.LastOrDefault(v => v.Id == id) is { Number: > 0 } found
            ? new RegisteredSchema(subject, found.Number, id, await ReadAsync(id, cancellationToken))
            : throw SchemaRegistryException.SchemaNotFound();
    }

    /// <summary>The schema of an id. One whose versions are all soft-deleted is found, so that old data can be read.</summary>
    /// <exception cref="SchemaRegistryException">No subject has it (40403).</exception>
    public async Task<SchemaDocument> FindAsync(int id, CancellationToken cancellationToken)
    {
        await UsesAsync(id, deleted: true, cancellationToken);
        return await ReadAsync(id, cancellationToken);
    }

    /// <summary>Which versions of which subjects have the schema of an id, by subject and version.</summary>
    /// <exception cref="SchemaRegistryException">No subject has it (40403).</exception>
    public async Task<IReadOnlyList<(string Subject, int Version)>> UsesAsync(int id, bool deleted, CancellationToken cancellationToken)
    {
        var users = await Task.WhenAll((await schemas.UsersAsync(id, cancellationToken)).Select(name => subjects.FindAsync(name, cancellationToken)));
        var versions = users.OrderBy(s => s.Name, StringComparer.Ordinal).SelectMany(s => s.Versions.Where(v => v.Id == id).Select(v => (s.Name, Version: v))).ToList();
        return versions.Count > 0
            ? [.. versions.Where(v => deleted || !v.Version.Deleted).Select(v => (v.Name, v.Version.Number))]
            : throw SchemaRegistryException.IdNotFound(id.ToString(CultureInfo.InvariantCulture));
    }

    private async Task<Subject> ExistingAsync(string subject, bool deleted, CancellationToken cancellationToken)
    {
        var found = await subjects.FindAsync(subject, cancellationToken);
        return found.Listed(deleted).Count > 0 ? found : throw SchemaRegistryException.SubjectNotFound(subject);
    }

    private async Task<SchemaDocument> ReadAsync(int id, CancellationToken cancellationToken) =>
        await schemas.FindAsync(id, cancellationToken) ?? throw SchemaRegistryException.IdNotFound(id.ToString(CultureInfo.InvariantCulture));

    private async Task<IReadOnlyList<(int Version, SchemaDocument Schema)>> ReadAsync(IEnumerable<SubjectVersion> versions, CancellationToken cancellationToken) =>
        await Task.WhenAll(versions.Select(async v => (v.Number, await ReadAsync(v.Id, cancellationToken))));

    // Null is the latest.
    private static int? Number(string version) =>
        version is Latest or "-1" ? null
            : int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
            : throw SchemaRegistryException.InvalidVersion(version);

    private static SubjectVersion Pick(IReadOnlyList<SubjectVersion> versions, int? number, string asked) =>
        versions.LastOrDefault(v => number is null || v.Number == number) is { Number: > 0 } found ? found : throw SchemaRegistryException.VersionNotFound(asked);
}
