using System.Text.Json;

namespace Pipeline.Local.Events;

/// <summary>What was sent beside what the tables have of it; what `events --json` prints.</summary>
internal sealed record Reconciliation
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    /// <summary>Records that the broker acknowledged, repeats and bad ones included.</summary>
    public required long Sent { get; init; }

    /// <summary>Their rows in bronze, and in rejected._unrouted where they belong to no source.</summary>
    public required long Bronze { get; init; }

    /// <summary>Their rows in silver.</summary>
    public required long Silver { get; init; }

    /// <summary>Those of them that are rejected rows.</summary>
    public required long Rejected { get; init; }

    /// <summary>Those that repeat an id which silver had.</summary>
    public required long DuplicatesDropped { get; init; }

    /// <summary>Records without a row in bronze, sales whose id is not in silver, bad events that are no rejected row.</summary>
    public required long Lost { get; init; }

    /// <summary>Rows too many: an offset twice in bronze, an id twice in silver, an event twice in rejected.</summary>
    public required long Duplicated { get; init; }

    /// <summary>How long the sending took.</summary>
    public required double Seconds { get; init; }

    public required double EventsPerSecond { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public void Show(Screen screen)
    {
        screen.Line();
        new Grid(
            [new("what"), new("events", IsNumber: true)],
            [
                ["sent", Grid.Number(Sent)],
                ["in bronze", Grid.Number(Bronze)],
                ["in silver", Grid.Number(Silver)],
                ["rejected", Grid.Number(Rejected)],
                ["duplicates dropped", Grid.Number(DuplicatesDropped)],
                ["lost", Grid.Number(Lost)],
                ["duplicated", Grid.Number(Duplicated)],
            ]).Write(screen);
    }
}
