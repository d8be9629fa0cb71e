namespace Pipeline.Faults.Cases;

/// <summary>What a table holds, as far as it must not depend on when and how often its run was disturbed.</summary>
/// <param name="Name">layer.table</param>
/// <param name="Version">Its newest version.</param>
/// <param name="Rows">Its rows according to its log.</param>
/// <param name="Counted">Its rows according to its files.</param>
/// <param name="Content">A sum of hashes over its rows in any order, without the columns that name the run and its time.</param>
public sealed record TableState(string Name, long Version, long Rows, long Counted, string Content)
{
    /// <summary>Reads the state of all tables of a pipeline.</summary>
    public static async Task<IReadOnlyList<TableState>> ReadAsync(Api api, string pipeline, CancellationToken cancellationToken)
    {
        var states = new List<TableState>();
        foreach (var table in await api.TablesAsync(pipeline, cancellationToken))
        {
            var name = $"{table.Layer}.{table.Name}";
            var row = await api.QueryAsync(
                pipeline,
                $"select count(*), coalesce(sum(hash(r)), 0)::varchar from (select columns(c -> c not in ('_ingested_at', '_run_id', 'rejected_at', 'run_id', 'judged_at')) from {name}) r",
                cancellationToken);
            states.Add(new TableState(name, table.Version, table.Rows, long.Parse(row[0].ToString(), System.Globalization.CultureInfo.InvariantCulture), row[1].GetString() ?? ""));
        }

        return states;
    }

    /// <summary>Says how what was found differs from what was expected.</summary>
    public static IEnumerable<string> Differences(IReadOnlyList<TableState> expected, IReadOnlyList<TableState> found)
    {
        foreach (var name in expected.Select(t => t.Name).Union(found.Select(t => t.Name)))
        {
            var (should, does) = (expected.FirstOrDefault(t => t.Name == name), found.FirstOrDefault(t => t.Name == name));
            if (should != does)
            {
                yield return $"Table {name}: expected {should?.ToString() ?? "none"}, found {does?.ToString() ?? "none"}.";
            }
        }
    }
}
