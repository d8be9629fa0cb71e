using System.Security.Cryptography;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Tables as their logs made them: the next look at one reads what was committed since, not its checkpoint and all commits after it. They are held against the log whenever they are used.</summary>
internal sealed class LogCache
{
    // Files, tombstones, transactions and domains of all tables together: a file with its statistics, as text and read, takes up to 5 KB.
    private const int MostActions = 20_000;
    private const int LeastOfTable = 16;
    private readonly Lock gate = new();
    private readonly Dictionary<LakePath, (KnownTable Table, long Used)> tables = [];
    private long uses;

    public KnownTable? Find(LakePath root)
    {
        lock (gate)
        {
            if (!tables.TryGetValue(root, out var found))
            {
                return null;
            }

            tables[root] = (found.Table, ++uses);
            return found.Table;
        }
    }

    public void Keep(LakePath root, KnownTable table)
    {
        lock (gate)
        {
            tables[root] = (table, ++uses);
            while (tables.Values.Sum(t => Math.Max(t.Table.Actions, LeastOfTable)) > MostActions)
            {
                tables.Remove(tables.MinBy(t => t.Value.Used).Key);
            }
        }
    }

    public void Forget(LakePath root)
    {
        lock (gate)
        {
            tables.Remove(root);
        }
    }
}

/// <summary>A table up to a version. It stays as it is.</summary>
/// <param name="state">The table; nobody changes it any more.</param>
/// <param name="entry">The version's log entry: a table that was deleted and made anew has another.</param>
internal sealed class KnownTable(TableState state, ReadOnlySpan<byte> entry)
{
    private readonly string mark = MarkOf(entry);
    private readonly Lazy<DeltaSnapshot> snapshot = new(state.Snapshot);

    public TableState State => state;

    public long Version => state.Version;

    public DeltaSnapshot Snapshot => snapshot.Value;

    public int Actions => state.Files.Count + state.Tombstones.Count + state.Transactions.Count + state.Domains.Count;

    /// <summary>Whether the log holds this entry of the version.</summary>
    public bool IsOf(ReadOnlySpan<byte> found) => MarkOf(found) == mark;

    private static string MarkOf(ReadOnlySpan<byte> entry) => Convert.ToHexStringLower(SHA256.HashData(entry));
}
