using System.Globalization;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Events;

/// <summary>Sends events to the app, waits until they are in the tables, and holds these against what was sent.</summary>
internal sealed class EventsRun(Launched launched, Settings settings, Screen screen, EventsRequest request, TimeProvider clock)
{
    // The clocks of broker and app may differ by a little.
    private static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(1);

    /// <summary>Does it.</summary>
    /// <param name="enough">Ends the sending; what was sent is reconciled all the same.</param>
    /// <param name="cancellationToken">Ends all of it.</param>
    public async Task<Reconciliation> ExecuteAsync(CancellationToken enough, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough, cancellationToken);
        await RunFirstAsync(either.Token);
        var catalog = await SalesCatalog.ReadAsync(launched.Api, request.Pipeline, either.Token);
        using var broker = await Task.Run(() => EventBroker.Connect(settings), either.Token);
        var limit = settings.Broker is null ? new UnreadLimit(broker, screen, clock) : null;
        var sender = new EventSender(broker, limit, clock);
        var since = clock.GetUtcNow() - ClockDifference;
        screen.Line(string.Create(
            CultureInfo.InvariantCulture, $"Sending {request.Count:N0} events to {request.Pipeline}.{EventsRequest.Source}; the same seed, {request.Seed}, sends the same sales."));
        await using (var second = request.KillsInstance ? new SecondInstance(settings) : null)
        {
            var killing = await KillingAsync(second, sender, either.Token);
            await Meter.WatchAsync(screen, "events sent", request.Count, () => sender.Sent.Count, SendAsync(sender, catalog, either.Token));
            await killing;
        }

        cancellationToken.ThrowIfCancellationRequested();
        TellRate(sender, limit);

        // Whoever stopped the sending waits for the rest; who stops the waiting has had enough.
        return await SettleAsync(broker, sender, since, enough.IsCancellationRequested ? cancellationToken : either.Token);
    }

    private async Task RunFirstAsync(CancellationToken cancellationToken)
    {
        var tables = await launched.Api.GetTablesAsync(cancellationToken);
        if (tables.Count(t => t.Pipeline == request.Pipeline && t is { Layer: "silver", Table: "customers" or "products" }) == 2)
        {
            return;
        }

        screen.Line($"{request.Pipeline} has no customers and products yet: running it first.");
        var run = await new PipelineRun { Pipeline = request.Pipeline }.ExecuteAsync(launched, settings, screen, cancellationToken);
        if (!run.Succeeded)
        {
            throw new LaunchException($"Without a run of {request.Pipeline} that succeeds there are no customers to sell to.");
        }
    }

    private async Task<Task> KillingAsync(SecondInstance? second, EventSender sender, CancellationToken stop)
    {
        if (second is null)
        {
            return Task.CompletedTask;
        }

        await screen.WaitingAsync("Starting a second instance of the app …", second.StartAsync(stop));
        return KillAsync(second, sender, stop);
    }

    private async Task KillAsync(SecondInstance second, EventSender sender, CancellationToken stop)
    {
        try
        {
            await second.KillAfterAsync(request.Count / 2, () => sender.Sent.Count, stop);
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"The second instance was killed after {sender.Sent.Count:N0} events."));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The sending was stopped before; it ends as any instance does.
        }
    }

    private async Task<bool> SendAsync(EventSender sender, SalesCatalog catalog, CancellationToken stop)
    {
        await Task.Run(() => sender.SendAsync(new SalesEvents(request, catalog, clock), request, stop), CancellationToken.None);
        return true;
    }

    private void TellRate(EventSender sender, UnreadLimit? limit)
    {
        screen.Line(string.Create(CultureInfo.InvariantCulture, $"Sent {sender.Sent.Count:N0} events in {sender.Took.TotalSeconds:0.0} s: {RateOf(sender):N0} a second."));
        if (limit?.Waited > TimeSpan.Zero)
        {
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"Of these, {limit.Waited.TotalSeconds:0.0} s were spent waiting for the app."));
        }

        if (sender.Refused > 0)
        {
            screen.Line($"The broker itself refused {sender.Refused} that were too large for it.");
        }
    }

    private async Task<Reconciliation> SettleAsync(EventBroker broker, EventSender sender, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var begun = clock.GetTimestamp();
        var arrival = new Arrival(broker, new Reconciler(launched.Api, request, since), sender.Sent, clock);
        var (found, isAll) = await Meter.WatchAsync(screen, "events arrived", sender.Sent.Count, () => arrival.Taken, arrival.WaitAsync(cancellationToken));
        var waited = clock.GetElapsedTime(begun);
        screen.Line(isAll
            ? string.Create(CultureInfo.InvariantCulture, $"All were in the tables {waited.TotalSeconds:0.0} s later: {sender.Sent.Count / (sender.Took + waited).TotalSeconds:N0} a second from end to end.")
            : $"Nothing has arrived for two minutes, and something is missing. Does the app read from this broker? What is wrong with a stream tell {settings.Api}events?type=stream and the app's log ({settings.AppLog}).");
        return new Reconciliation
        {
            Sent = sender.Sent.Count,
            Bronze = found.Rows,
            Silver = found.Silver,
            Rejected = found.Rejected,
            DuplicatesDropped = found.Repeats,
            Lost = sender.Sent.Count - found.Events + found.Missing,
            Duplicated = found.Duplicated,
            Seconds = Math.Round(sender.Took.TotalSeconds, 3),
            EventsPerSecond = Math.Round(RateOf(sender), 1),
        };
    }

    private static double RateOf(EventSender sender) => sender.Sent.Count / Math.Max(sender.Took.TotalSeconds, 0.001);
}
