namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Databases that are kept between sessions. To open one takes 10 ms of a processor, most of it for the functions that it registers; a further session of one that is there takes 0.4 ms.</summary>
/// <remarks>A session has a catalog of its own, in a database that nobody else uses meanwhile, and the catalog goes with it: the next one sees no table, view, macro, variable or file of it. A database whose settings or functions a session has changed goes, too.</remarks>
public sealed class DuckDbPool : IDisposable
{
    // As many as work at a time; of more that come back at once some would wait for nothing.
    private const int MostKept = 4;
    private readonly Lock gate = new();
    private readonly List<DuckDbDatabase> kept = [];
    private readonly string spill;
    private bool isDisposed;

    /// <summary>Keeps none at first.</summary>
    /// <param name="spill">The folder in which each database makes one that it spills to, when it has to.</param>
    public DuckDbPool(string spill) => this.spill = spill;

    /// <summary>Opens a session: as <see cref="DuckDbSession.Open(DuckDbOptions)"/>, but that its database may have had others before.</summary>
    /// <exception cref="DuckDbException">An option has a value that DuckDB does not take.</exception>
    public DuckDbSession Open(DuckDbOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var limits = options with { TempDirectory = "" };
        return DuckDbSession.Open(options, this, _ => Take(limits) ?? DuckDbDatabase.Open(limits, Path.Combine(spill, Path.GetRandomFileName())));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            kept.ForEach(d => d.Dispose());
            kept.Clear();
        }
    }

    /// <summary>Takes a database back, as empty as it was. If there are enough, the one that has waited longest goes: nobody asks for its limits any more.</summary>
    internal void Return(DuckDbDatabase database)
    {
        DuckDbDatabase? gone = null;
        lock (gate)
        {
            if (isDisposed)
            {
                gone = database;
            }
            else
            {
                kept.Add(database);
                if (kept.Count > MostKept)
                {
                    gone = kept[0];
                    kept.RemoveAt(0);
                }
            }
        }

        gone?.Dispose();
    }

    // The one that was used last is the one whose memory is warm.
    private DuckDbDatabase? Take(DuckDbOptions limits)
    {
        lock (gate)
        {
            var found = kept.FindLastIndex(d => d.Options == limits);
            if (found < 0)
            {
                return null;
            }

            var database = kept[found];
            kept.RemoveAt(found);
            return database;
        }
    }
}
