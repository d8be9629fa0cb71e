using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pipeline.Local.Live;

/// <summary>A live aggregate for people: a table, the newest window on top, and a line about it.</summary>
internal static class LiveScreen
{
    private const string Time = "HH:mm:ss";

    public static void Write(Screen screen, LiveAggregate aggregate)
    {
        if (GridOf(aggregate) is { } grid)
        {
            grid.Write(screen);
        }

        screen.Line(Status(aggregate));
    }

    /// <summary>For a terminal that may be too low for all of it.</summary>
    public static IRenderable Render(LiveAggregate aggregate) =>
        GridOf(aggregate) is { } grid ? new Rows(new Text(Status(aggregate)), grid.ToTable()) : new Text(Status(aggregate));

    /// <summary>A group's new numbers as a line.</summary>
    public static string Line(LiveWindow window, LiveGroup group) => string.Join(
        ' ',
        group.Key.EnumerateObject().Concat(group.Values.EnumerateObject()).Select(p => $"{p.Name}={Grid.Text(p.Value)}")
            .Prepend(window.Closed ? "closed" : "open").Prepend(window.StartUtc.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)));

    private static Grid? GridOf(LiveAggregate aggregate)
    {
        if (aggregate.Windows.SelectMany(window => window.Groups).FirstOrDefault() is not { } any)
        {
            return null;
        }

        var values = any.Values.EnumerateObject().Select(value => new Grid.Column(value.Name, IsNumber: true));
        return new Grid(
            [new("window (UTC)"), new("state"), .. any.Key.EnumerateObject().Select(key => new Grid.Column(key.Name)), .. values],
            [.. aggregate.Windows.Reverse().SelectMany(window => window.Ranked.Select(group => Cells(window, group)))]);
    }

    private static IReadOnlyList<string> Cells(LiveWindow window, LiveGroup group) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{window.StartUtc.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture)} to {window.EndUtc.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture)}"),
        window.Closed ? "closed" : "open",
        .. group.Key.EnumerateObject().Select(key => Grid.Text(key.Value)),
        .. group.Values.EnumerateObject().Select(value => Grid.Metric(value.Value)),
    ];

    private static string Status(LiveAggregate aggregate) => aggregate.WatermarkUtc is { } watermark
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"All events up to {watermark.UtcDateTime:HH:mm:ss} UTC; {aggregate.Late:N0} were late, {aggregate.Dropped:N0} too late.{(aggregate.Provisional ? " Not all is committed yet." : "")}")
        : "No event has arrived yet.";
}
