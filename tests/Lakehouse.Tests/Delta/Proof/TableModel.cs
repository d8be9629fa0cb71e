namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>What a table should hold: rows by id, transactions and domains.</summary>
internal sealed record TableModel
{
    public static TableModel Empty { get; } = new();

    public IReadOnlyDictionary<long, string> Rows { get; init; } = new SortedDictionary<long, string>();

    public IReadOnlyDictionary<string, long> Transactions { get; init; } = new SortedDictionary<string, long>();

    public IReadOnlyDictionary<string, string> Domains { get; init; } = new SortedDictionary<string, string>();

    public TableModel Add(IEnumerable<long> ids, string v) => With([.. Rows, .. ids.Select(id => KeyValuePair.Create(id, v))]);

    public TableModel Overwrite(IEnumerable<long> ids, string v) => With([.. ids.Select(id => KeyValuePair.Create(id, v))]);

    /// <summary>Changes rows that must be there.</summary>
    public TableModel Change(IReadOnlyCollection<long> ids, string suffix)
    {
        var changed = ids.ToHashSet();
        Assert.All(ids, id => Assert.Contains(id, Rows.Keys));
        return With([.. Rows.Select(row => changed.Contains(row.Key) ? KeyValuePair.Create(row.Key, row.Value + suffix) : row)]);
    }

    /// <summary>Sets rows that may be there, and takes rows away that may be.</summary>
    public TableModel Merge(IReadOnlyCollection<long> set, string v, IReadOnlyCollection<long> gone) =>
        With([.. Rows.Where(row => !set.Contains(row.Key) && !gone.Contains(row.Key)), .. set.Select(id => KeyValuePair.Create(id, v))]);

    public TableModel State(string appId, long version, string domain, string configuration) => this with
    {
        Transactions = Set(Transactions, appId, version),
        Domains = Set(Domains, domain, configuration),
    };

    /// <summary>As <see cref="SpecTable.Describe"/> shows a table, without its schema.</summary>
    public IReadOnlyList<string> Describe() =>
    [
        .. Transactions.Select(entry => $"txn {entry.Key} = {entry.Value}"),
        .. Domains.Select(entry => $"domain {entry.Key} = {entry.Value}"),
        .. Rows.Select(row => $"row {row.Key}|{row.Value}").Order(StringComparer.Ordinal),
    ];

    private TableModel With(IReadOnlyList<KeyValuePair<long, string>> rows) => this with { Rows = new SortedDictionary<long, string>(rows.ToDictionary()) };

    private static SortedDictionary<string, T> Set<T>(IReadOnlyDictionary<string, T> entries, string name, T value) =>
        new(entries.ToDictionary(), StringComparer.Ordinal) { [name] = value };
}
