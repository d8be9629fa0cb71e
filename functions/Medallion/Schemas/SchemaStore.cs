using System.Collections.Concurrent;
using System.Globalization;
using Azure.Data.Tables;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Schemas;

/// <summary>Remembers schemas by hash and by id. A schema has one id, whichever subjects have it, and neither is ever given to another.</summary>
internal sealed class SchemaStore(StateTable table)
{
    private const string ByHash = "hashes";
    private const string ById = "ids";
    private const string Counter = "counter";
    private const long CachedCharacters = 10_000_000;

    // What an id means does not change.
    private readonly ConcurrentDictionary<int, SchemaDocument> cache = new();
    private long cachedCharacters;

    /// <summary>The id of a schema; null: it has none.</summary>
    public async Task<int?> FindIdAsync(SchemaDocument schema, CancellationToken cancellationToken) =>
        await table.FindAsync(ByHash, schema.Hash, cancellationToken) is { } row ? row.GetInt32("Id") : null;

    /// <summary>The schema of an id; null: there is none.</summary>
    public async Task<SchemaDocument?> FindAsync(int id, CancellationToken cancellationToken)
    {
        if (cache.TryGetValue(id, out var cached))
        {
            return cached;
        }

        if (await table.FindAsync(ById, Key(id), cancellationToken) is not { } pointer
            || await table.FindAsync(ByHash, pointer.GetString("Hash"), cancellationToken) is not { } row)
        {
            return null;
        }

        var schema = SchemaDocument.Parse(RegistryTable.ReadText(row));
        if (Interlocked.Add(ref cachedCharacters, schema.Text.Length) > CachedCharacters)
        {
            cache.Clear();
            Interlocked.Exchange(ref cachedCharacters, schema.Text.Length);
        }

        return cache.GetOrAdd(id, schema);
    }

    /// <summary>Gives a schema its id, the one it has if it has one, and notes that a subject is going to have it.</summary>
    public async Task<int> AddAsync(SchemaDocument schema, string subject, CancellationToken cancellationToken)
    {
        var id = await FindIdAsync(schema, cancellationToken) ?? await AddAsync(schema, cancellationToken);

        // Whoever gave the id may have ended before it wrote this.
        await table.UpsertAsync(new TableEntity(ById, Key(id)) { ["Hash"] = schema.Hash }, TableUpdateMode.Replace, cancellationToken);
        await table.UpsertAsync(new TableEntity(UsersOf(id), RegistryTable.KeyOf(subject)) { ["Name"] = subject }, TableUpdateMode.Replace, cancellationToken);
        return id;
    }

    /// <summary>The subjects that may have a schema: all that have it, and some that had it.</summary>
    public async Task<IReadOnlyList<string>> UsersAsync(int id, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var row in table.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {UsersOf(id)}"), cancellationToken))
        {
            names.Add(row.GetString("Name"));
        }

        return names;
    }

    private async Task<int> AddAsync(SchemaDocument schema, CancellationToken cancellationToken)
    {
        var id = await NextAsync(cancellationToken);
        var row = new TableEntity(ByHash, schema.Hash) { ["Id"] = id };
        RegistryTable.WriteText(row, schema.Text);
        if (await table.TryAddAsync(row, cancellationToken))
        {
            return id;
        }

        // Somebody else was first; the number stays unused.
        return await FindIdAsync(schema, cancellationToken) ?? throw new InvalidOperationException($"The schema {schema.Hash} vanished: rows of '{ByHash}' are never deleted.");
    }

    private async Task<int> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var counter = await table.FindAsync(Counter, Counter, cancellationToken);
            var next = (counter?.GetInt32("Last") ?? 0) + 1;
            var row = new TableEntity(Counter, Counter) { ["Last"] = next };
            if (counter is null ? await table.TryAddAsync(row, cancellationToken) : await table.TryReplaceAsync(row, counter.ETag, cancellationToken))
            {
                return next;
            }
        }
    }

    private static string Key(int id) => id.ToString("D10", CultureInfo.InvariantCulture);

    private static string UsersOf(int id) => $"users-{Key(id)}";
}
