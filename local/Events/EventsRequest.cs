using System.Globalization;

namespace Pipeline.Local.Events;

/// <summary>Which events are to be sent, and how fast.</summary>
internal sealed record EventsRequest
{
    /// <summary>The source that takes the events.</summary>
    public const string Source = "web_sales";

    public required string Pipeline { get; init; }

    /// <summary>How many records are sent, repeats and bad ones included.</summary>
    public required long Count { get; init; }

    /// <summary>Events a second; 0: as fast as it goes.</summary>
    public required int Rate { get; init; }

    /// <summary>Of the records: those that an earlier one repeats.</summary>
    public Share Duplicates { get; init; }

    /// <summary>Of the records: those that no row can be made of.</summary>
    public Share Poison { get; init; }

    /// <summary>Of the sales: those that were made some time before they are sent.</summary>
    public Share Late { get; init; }

    /// <summary>The same seed makes the same sales, with the same ids.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Whether a second instance of the app takes events too, and is killed when half of them are sent.</summary>
    public bool KillsInstance { get; init; }

    /// <summary>The id of a sale by its number.</summary>
    public string SaleId(long number) => string.Create(CultureInfo.InvariantCulture, $"s{Seed}-{number:D9}");

    /// <summary>The id of a bad event, where it has one; no sale has it.</summary>
    public string PoisonId(long number) => string.Create(CultureInfo.InvariantCulture, $"s{Seed}-x{number:D9}");
}
