using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion;

/// <summary>What one instance may use.</summary>
public sealed record EngineOptions
{
    private const long LargestPart = 256L << 20;

    /// <summary>Memory of all sessions together, in bytes; 256 MiB or more. By default 1 GiB.</summary>
    [Range(256L << 20, long.MaxValue)]
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>How many activities run at a time: <c>maxConcurrentActivityFunctions</c> of host.json.</summary>
    [Range(1, 64)]
    public int MaxConcurrentActivities { get; init; } = 4;

    /// <summary>A folder on scratch disk for spilled data and the cache of data files.</summary>
    public string ScratchFolder { get; init; } = Path.Combine(Path.GetTempPath(), "pipeline");

    /// <summary>Bytes of scratch disk; half of them for the cache, half for what sessions spill. By default 8 GiB.</summary>
    [Range(64L << 20, long.MaxValue)]
    public long ScratchBytes { get; init; } = 8L << 30;

    /// <summary>Bytes of landing files that an activity holds at a time: larger CSV and NDJSON files are cut into ranges of at most that. By default half of an
    /// activity's share of scratch disk, because what is read from a file lies beside it for a while, but not more than 256 MiB.</summary>
    [Range(1, long.MaxValue)]
    public long PartBytes
    {
        get => field > 0 ? field : Math.Min(LargestPart, ScratchBytes / 2 / MaxConcurrentActivities / 2);
        init;
    }
}

/// <summary>Opens DuckDB sessions that together stay within the instance's limits.</summary>
public sealed class Engine : IDisposable
{
    private readonly EngineOptions options;
    private readonly FileStream claim;
    private readonly DuckDbPool databases;

    /// <summary>Claims a folder on scratch disk and clears what sessions of an earlier process left there.</summary>
    public Engine(EngineOptions options)
    {
        this.options = options;
        (Scratch, claim) = Claim(options.ScratchFolder);
        if (Directory.Exists(Sessions))
        {
            Directory.Delete(Sessions, recursive: true);
        }

        databases = new DuckDbPool(Sessions);
    }

    /// <summary>This process's own folder on scratch disk.</summary>
    public string Scratch { get; }

    private string Sessions => Path.Combine(Scratch, "sessions");

    /// <summary>The limits.</summary>
    public EngineOptions Options => options;

    private long SessionMemory => options.MemoryBytes / options.MaxConcurrentActivities;

    /// <summary>A session for an activity.</summary>
    public DuckDbSession OpenSession() => OpenSession(Environment.ProcessorCount);

    /// <summary>A session for work that is small, comes all the time and runs beside other work. It has one thread: whoever executes a query of several waits for the others in a busy loop.</summary>
    public DuckDbSession OpenSmallSession() => OpenSession(threads: 1);

    private DuckDbSession OpenSession(int threads) => databases.Open(new DuckDbOptions
    {
        Threads = threads,
        MemoryLimitBytes = SessionMemory,
        TempDirectory = Sessions,
        TempLimitBytes = options.ScratchBytes / 2,
    });

    /// <summary>What to tell where a step's work fits neither in memory nor on scratch disk; null where its error is another.</summary>
    public TerminalException? Exhausted(TableKey step, DuckDbException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.Kind != DuckDbErrorKind.OutOfMemory ? null : new TerminalException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{step} needs more than it had: {SessionMemory:n0} bytes of memory and {options.ScratchBytes / 2:n0} bytes of scratch disk to spill to. Raise Engine__MemoryBytes or Engine__ScratchBytes, or make the step smaller. Nothing was committed. ({error.Message})"),
            error);
    }

    /// <summary>Refuses inputs of which not even one file's columns in use fit in the cache of data files, before any of them is downloaded.</summary>
    /// <param name="who">What reads them; begins the message.</param>
    /// <param name="inputs">What is to be brought.</param>
    /// <exception cref="TerminalException">A file takes more than half of the scratch disk.</exception>
    public void RequireRoom(string who, IReadOnlyList<PlannedInput> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.MaxBy(i => i.RoomBytes) is { } largest && largest.RoomBytes > options.ScratchBytes / 2)
        {
            var table = largest.Table;
            var fields = table.Snapshot.Schema.Fields.Count;
            throw new TerminalException(string.Create(
                CultureInfo.InvariantCulture,
                $"{who} uses {largest.Columns?.Count ?? fields} of {fields} columns of {table.Schema}.{table.Name}, of which the largest file takes {largest.RoomBytes:n0} bytes; the cache of data files has room for {options.ScratchBytes / 2:n0}. Raise Engine__ScratchBytes, half of which is the cache's, to {2 * largest.RoomBytes:n0} or more, use fewer columns, or let a model before it make a smaller table. Nothing was committed."));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        databases.Dispose();
        claim.Dispose();
    }

    // Processes of one machine may share the setting: each takes the first folder that no living process holds.
    private static (string Folder, FileStream Claim) Claim(string root)
    {
        for (var number = 0; ; number++)
        {
            var folder = Path.Combine(root, number.ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(folder);
            try
            {
                return (folder, new FileStream(Path.Combine(folder, "claim"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException) when (number < 100)
            {
                // Held by another process.
            }
        }
    }
}
