namespace Pipeline.Medallion.Sources.Rest;

/// <summary>How an API is asked, and for how long.</summary>
public sealed record RestOptions
{
    /// <summary>How often a page is asked for, the first time included.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>The wait after the first attempt; it doubles with each, and is spread at random.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between attempts where the server names none.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait that a server may ask for with Retry-After.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a server may take to begin an answer.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How long it may take between two pieces of an answer.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it may take for a whole answer.</summary>
    public TimeSpan PageTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The largest answer, in bytes, unpacked.</summary>
    public long PageBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of records that become data files together. Long records are held several times while they are written.</summary>
    public long BatchBytes { get; init; } = 8L << 20;

    /// <summary>How often pages are read anew when they changed as they were read.</summary>
    public int Walks { get; init; } = 3;
}
