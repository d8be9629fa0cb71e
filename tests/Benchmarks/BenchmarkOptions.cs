using System.Globalization;

namespace Pipeline.Benchmarks;

/// <summary>What a command line asks for.</summary>
internal sealed record BenchmarkOptions
{
    public const string Usage = """
        Usage: dotnet run -c Release --project tests/Benchmarks -- COMMAND [OPTIONS]
          medallion [--rows N] [--memory SIZE] [--scratch SIZE] [--times N]   the whole path beside its bound; more than ten million rows: also beside a run of ten million
          increment [--rows N] [--memory SIZE] [--scratch SIZE]               a full run, then one per cent of new rows
          quality   [--rows N] [--memory SIZE] [--times N]                    the same rows cleaned without rules and with 25
          stream    [--rows N] [--rate N]                                     events into bronze, silver and rejected, as fast as it goes or at a rate; memory over time
          watch     [--rows N] [--rate N]                                     from sending an event to the push that counts it, at a rate (2,000 a second)
          peers     [--rows N]                                                the same work in pandas and Polars
          serve     [--rows N] [--times N]                                    rows of silver to PostgreSQL, beside \copy from of the same rows as CSV
          database  [--rows N]                                                rows of PostgreSQL into bronze, beside \copy to and DuckDB
          rest      [--rows N] [--times N]                                    records of an HTTP API into bronze, beside fetching the pages and DuckDB; then increments
          webhook   [--rows N]                                                signed deliveries, beside creating two blobs each
          cluster   [--rows N] [--memory SIZE] [--times N] [--threads N]      k-means beside scikit-learn, the machine's limit measured in the same run; and so many rows out of Parquet
          score     [--rows N] [--times N]                                    landings of so many events, without a model and scored by one
          mart      [--rows N]                                                questions to the mart: over all rows, of gold, and as many as go
          snapshot  [--commits N]                                             a table of many commits, opened from its checkpoint
        Sizes are such as 1GiB or 800MB; without them the engine has its defaults.
        """;

    public long Rows { get; init; } = 10_000_000;

    /// <summary>The engine's memory; null: its default.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The engine's scratch disk; null: its default.</summary>
    public long? ScratchBytes { get; init; }

    public int Times { get; init; } = 1;

    /// <summary>Events a second; 0: as fast as it goes.</summary>
    public int Rate { get; init; }

    public int Commits { get; init; } = 10_000;

    public int Threads { get; init; } = Environment.ProcessorCount;

    public static BenchmarkOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchmarkOptions();
        for (var at = 0; at < arguments.Count; at += 2)
        {
            var value = at + 1 < arguments.Count ? arguments[at + 1] : throw new ArgumentException($"{arguments[at]} needs a value.\n{Usage}");
            options = arguments[at] switch
            {
                "--rows" => options with { Rows = long.Parse(value, CultureInfo.InvariantCulture) },
                "--memory" => options with { MemoryBytes = Size(value) },
                "--scratch" => options with { ScratchBytes = Size(value) },
                "--rate" => options with { Rate = int.Parse(value, CultureInfo.InvariantCulture) },
                "--times" => options with { Times = int.Parse(value, CultureInfo.InvariantCulture) },
                "--threads" => options with { Threads = int.Parse(value, CultureInfo.InvariantCulture) },
                "--commits" => options with { Commits = int.Parse(value, CultureInfo.InvariantCulture) },
                var other => throw new ArgumentException($"There is no option {other}.\n{Usage}"),
            };
        }

        return options;
    }

    private static long Size(string text)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        var unit = text[digits..] switch
        {
            "" => 1L,
            "MB" => 1_000_000L,
            "MiB" => 1L << 20,
            "GB" => 1_000_000_000L,
            "GiB" => 1L << 30,
            var other => throw new ArgumentException($"'{other}' is no unit: MB, MiB, GB or GiB."),
        };
        return long.Parse(text.AsSpan(0, digits), CultureInfo.InvariantCulture) * unit;
    }
}
