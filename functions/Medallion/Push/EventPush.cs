using Pipeline.Medallion.Events;

namespace Pipeline.Medallion.Push;

/// <summary>Cuts what is new in the event log into messages, from where those before ended, whichever instance of the app sent them.</summary>
/// <remarks>Each event is sent at least once. How far the log was sent is written down by the call that follows the sending: what a failure or the end of the process kept back is handed out again.</remarks>
public sealed class EventPush(EventLog events, PushCursorStore cursors)
{
    /// <summary>How many events a message has at most.</summary>
    public const int MessageEvents = 100;

    /// <summary>How many bytes of events a message has at most, a single one that is larger apart. The SignalR Service takes a million.</summary>
    public const int MessageBytes = 256 << 10;

    private (long From, long To)? handedOut;

    /// <summary>What is new, oldest first; empty for nothing. A new cursor begins at the end of the log.</summary>
    /// <param name="lastWasSent">Whether what the last call handed out was sent.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<EventMessage>> NextAsync(bool lastWasSent, CancellationToken cancellationToken)
    {
        var sent = lastWasSent ? handedOut : null;
        handedOut = null;
        if (await cursors.FindAsync(cancellationToken) is not { } cursor)
        {
            await cursors.TryMoveAsync(await events.LastAsync(cancellationToken), null, cancellationToken);
            return [];
        }

        var from = cursor.Sequence;
        if (sent is { } stretch && stretch.From == from)
        {
            if (!await cursors.TryMoveAsync(stretch.To, cursor, cancellationToken))
            {
                // Another instance has sent in between, and goes on.
                return [];
            }

            from = stretch.To;
        }

        var page = await events.ReadAsync(EventFilter.All, from, EventLog.MaxLimit, cancellationToken);
        handedOut = page.Last == from ? null : (from, page.Last);
        return Cut(page.Events, from);
    }

    private static List<EventMessage> Cut(IReadOnlyList<PipelineEvent> events, long previous)
    {
        var messages = new List<EventMessage>();
        var (next, bytes) = (new List<PipelineEvent>(), 0);
        foreach (var told in events)
        {
            var size = Json.Write(told).Length;
            if (next.Count == MessageEvents || (next.Count > 0 && bytes + size > MessageBytes))
            {
                Close();
            }

            next.Add(told);
            bytes += size;
        }

        if (next.Count > 0)
        {
            Close();
        }

        return messages;

        void Close()
        {
            messages.Add(new EventMessage { Previous = previous, First = next[0].Sequence, Last = next[^1].Sequence, Events = next });
            previous = next[^1].Sequence;
            (next, bytes) = ([], 0);
        }
    }
}
