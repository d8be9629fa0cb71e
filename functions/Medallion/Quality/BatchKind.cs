namespace Pipeline.Medallion.Quality;

/// <summary>What a batch is of its table.</summary>
public enum BatchKind
{
    /// <summary>All rows of bronze.</summary>
    Whole,

    /// <summary>Those that silver had not seen.</summary>
    Increment,

    /// <summary>Those of a backfill.</summary>
    Backfill,

    /// <summary>Rejected rows that were tried again.</summary>
    Replay,
}
