using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.File.Remote;

/// <summary>How an attempt to ask a web server ended.</summary>
/// <param name="Fault">Why it failed; it may pass. Null: it did not fail.</param>
/// <param name="Wait">How long the server asks to wait.</param>
internal sealed record WebAttempt(TransientException? Fault, TimeSpan? Wait = null)
{
    /// <summary>It went well.</summary>
    public static WebAttempt Done { get; } = new((TransientException?)null);

    /// <summary>Whether to wait for it is not this step's affair.</summary>
    public bool IsFinal { get; init; }

    /// <summary>It failed.</summary>
    public static WebAttempt Failed(string message) => new(new TransientException(message));
}
