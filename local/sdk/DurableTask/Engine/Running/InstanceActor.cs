using System.Threading.Channels;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Replay;
using Microsoft.DurableTask.Engine.Storage;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>
/// A live instance: takes what comes in, runs a turn, commits what came and what was decided as one append, then sets the decisions going.
/// Nothing is set going before it is committed; whatever is lost after that, the next load finds in the history and sets going again.
/// </summary>
internal sealed partial class InstanceActor(string instanceId, HubSession session)
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private readonly Channel<Inbound> inbox = Channel.CreateUnbounded<Inbound>(new() { SingleReader = true });
    private readonly List<Inbound> uncommitted = [];
    private readonly HashSet<(string ExecutionId, int TaskId)> running = [];
    private bool fenced;
    private bool stopped;
    private InstanceRecord? head;
    private List<HistoryEvent> history = [];

    public string InstanceId => instanceId;

    /// <summary>Ends when the instance has ended or the hub stops.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    public void Start(CancellationToken cancellationToken) => Completion = Task.Run(() => RunAsync(cancellationToken), CancellationToken.None);

    /// <summary>False if the actor has ended and takes nothing any more.</summary>
    public bool Post(Inbound item) => inbox.Writer.TryWrite(item);

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!stopped && await StepAsync(cancellationToken))
            {
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The hub stops, or has lost its lease.
        }
        finally
        {
            ForgetTimers();
            session.Remove(this);
            inbox.Writer.TryComplete();
        }

        while (inbox.Reader.TryRead(out var late))
        {
            session.Post(instanceId, late);
        }
    }

    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (head is null && !await LoadAsync(cancellationToken))
            {
                Drain();
                await session.DoneAsync([.. uncommitted.Select(item => item.Message).OfType<HubMessage>()], cancellationToken);
                return false;
            }

            return await TurnAsync(cancellationToken);
        }
        catch (LeaseLostException)
        {
            // The next owner finds everything in the tables.
            Drain();
            return false;
        }
        catch (StaleInstanceException)
        {
            head = null;
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            session.Logger.LogError(error, "Instance {InstanceId} could not go on; it is loaded again.", instanceId);
            head = null;
            await Task.Delay(Backoff, session.Time, cancellationToken);
            return true;
        }
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        // Whatever they announce, this load sees it.
        Drain();
        uncommitted.RemoveAll(item => item.Message is { Kind: HubMessageKind.Wake, Id.Length: 0 });
        var found = await session.Store.FindAsync(instanceId, withPayloads: false, cancellationToken);
        if (found is null || (found.IsEnded && found.OutboxFrom < 0))
        {
            return false;
        }

        history = [.. await session.Store.ReadHistoryAsync(found, cancellationToken)];
        await session.EnsureOwnedAsync(cancellationToken);

        // The ETag that a former owner may still hold becomes worthless: by the turn that comes now, or by this.
        if (!fenced && !NeedsTurn)
        {
            found = await session.Store.AppendAsync(found, [], cancellationToken);
        }

        fenced = true;
        head = found;
        Rebuild();
        await SendOutboxAsync(cancellationToken);
        await SetGoingAsync(pending.Values, cancellationToken);
        return !found.IsEnded;
    }

    private async Task<bool> TurnAsync(CancellationToken cancellationToken)
    {
        var current = head ?? throw new InvalidOperationException("The instance is not loaded.");

        // A load may have drained the inbox already.
        var hasWork = IsDue(current)
            ? NeedsTurn || uncommitted.Count > 0
            : uncommitted.Any(item => item.Message?.Kind is HubMessageKind.Wake or HubMessageKind.Terminate);
        if (!hasWork && !stopped)
        {
            await inbox.Reader.WaitToReadAsync(cancellationToken);
        }

        Drain();
        await PaceAsync(cancellationToken);
        if (uncommitted.Any(item => item.Message?.Kind == HubMessageKind.Wake))
        {
            await TakeWakesAsync(cancellationToken);
            return true;
        }

        if (uncommitted.Find(item => item.Message?.Kind == HubMessageKind.Terminate) is { Message: { } terminate })
        {
            return await TerminateAsync(current, terminate, cancellationToken);
        }

        if (!IsDue(current))
        {
            return true;
        }

        var batch = Accept(current);
        if (batch.Count == 0 && !NeedsTurn && !uncommitted.Any(item => item.IsViolation))
        {
            await ForgetInboundAsync(cancellationToken);
            return true;
        }

        var result = uncommitted.Any(item => item.IsViolation && item.ExecutionId == current.ExecutionId)
            ? new TurnResult { IsCompleted = true, CustomStatus = current.CustomStatus, Failure = Payload.Failure("System.InvalidOperationException", ReplayContext.IllegalAwait) }
            : await RunTurnAsync(current, batch, cancellationToken);
        await CommitAsync(current, batch, result, cancellationToken);
        return head is { IsEnded: false };
    }

    private async Task<TurnResult> RunTurnAsync(InstanceRecord current, List<HistoryEvent> batch, CancellationToken cancellationToken)
    {
        await session.Orchestrators.WaitAsync(cancellationToken);
        var begun = session.Time.GetTimestamp();
        try
        {
            var turn = new OrchestrationTurn(
                current, [.. history, .. batch], session.Invoker, session.Options, session.Loggers,
                () => Post(new Inbound { ExecutionId = current.ExecutionId, IsViolation = true }));
            return turn.Run();
        }
        finally
        {
            turnEnded = session.Time.GetTimestamp();
            turnTime = session.Time.GetElapsedTime(begun, turnEnded);
            session.Orchestrators.Release();
        }
    }

    private bool IsDue(InstanceRecord current) =>
        current.Status != OrchestrationRuntimeStatus.Pending || current.StartAt is not { } start || start <= session.Time.GetUtcNow();
}
