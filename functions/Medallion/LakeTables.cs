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

    /// <summary>The directories that are tables by their place, by layer in the order of the flow, then pipeline and name.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async Task<IReadOnlyList<(string Pipeline, TableKey Table)>> ListAsync(string? pipeline, CancellationToken cancellationToken)
    {
        var found = new List<(string Pipeline, TableKey Table)>();
        foreach (var layer in TableKey.Layers)
        {
            await foreach (var owner in lake.ListDirectoriesAsync(new LakePath(layer, ""), cancellationToken))
            {
                if (pipeline is null || owner == pipeline)
                {
                    await foreach (var name in lake.ListDirectoriesAsync(new LakePath(layer, owner), cancellationToken))
                    {
                        found.Add((owner, new TableKey(layer, name)));
                    }
                }
            }
        }

        return found;
    }

    /// <summary>Creates the containers that the lake needs.</summary>
    public async Task CreateContainersAsync(CancellationToken cancellationToken)
    {
        foreach (var container in TableKey.Layers.Concat(["landing", "trained", "pipelines"]))
        {
            await lake.CreateContainerAsync(container, cancellationToken);
        }
    }
}
