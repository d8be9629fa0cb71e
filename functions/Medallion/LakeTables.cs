using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion;

/// <summary>Where the tables of pipelines lie: one container per layer, a directory per pipeline, a Delta table per name.</summary>
public sealed class LakeTables(ILake lake, TimeProvider clock)
{
    /// <summary>The lake that holds them.</summary>
    public ILake Lake => lake;

    /// <summary>The root of a table.</summary>
    public static LakePath Root(string pipeline, TableKey table) => new(table.Layer, $"{pipeline}/{table.Name}");

    /// <summary>The table of a pipeline, whether it exists yet or not.</summary>
    public DeltaTable Open(string pipeline, TableKey table) => new(lake, Root(pipeline, table), clock);

    /// <summary>The tables that have a directory, by layer in the order of the flow, then pipeline and name; what lies in a directory need not be a table.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async Task<IReadOnlyList<(string Pipeline, TableKey Table)>> ListAsync(string? pipeline, CancellationToken cancellationToken)
    {
        var layers = await Task.WhenAll(TableKey.Layers.Select(async layer =>
        {
            var owners = pipeline is null ? await NamesAsync(new LakePath(layer, ""), cancellationToken) : [pipeline];
            var names = await Task.WhenAll(owners.Select(owner => NamesAsync(new LakePath(layer, owner), cancellationToken)));
            return owners.Zip(names).SelectMany(o => o.Second.Select(name => (o.First, new TableKey(layer, name))));
        }));
        return [.. layers.SelectMany(l => l)];
    }

    /// <summary>Creates the containers that the lake needs.</summary>
    public async Task CreateContainersAsync(CancellationToken cancellationToken)
    {
        foreach (var container in TableKey.Layers.Concat(["landing", "trained", "pipelines"]))
        {
            await lake.CreateContainerAsync(container, cancellationToken);
        }
    }

    private async Task<List<string>> NamesAsync(LakePath directory, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var name in lake.ListDirectoriesAsync(directory, cancellationToken))
        {
            names.Add(name);
        }

        return names;
    }
}
