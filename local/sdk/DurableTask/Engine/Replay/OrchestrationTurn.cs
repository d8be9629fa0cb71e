using Microsoft.DurableTask.Engine.History;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Engine.Replay;

/// <summary>What a turn led to.</summary>
internal sealed record TurnResult
{
    public IReadOnlyList<HistoryEvent> Decisions { get; init; } = [];

    public string? CustomStatus { get; init; }

    public bool IsCompleted { get; init; }

    public string? Output { get; init; }

    public TaskFailureDetails? Failure { get; init; }

    /// <summary>The orchestrator starts over: input, version and the events to keep.</summary>
    public NextExecution? Next { get; init; }
}

/// <summary>The execution that follows a ContinueAsNew.</summary>
internal sealed record NextExecution(string? Input, string? Version, IReadOnlyList<HistoryEvent> Events);

/// <summary>Runs an orchestrator from its first line against its history, as far as that goes.</summary>
internal sealed class OrchestrationTurn(
    InstanceRecord instance, IReadOnlyList<HistoryEvent> history, IDurableFunctionInvoker invoker, DurableTaskHubOptions options, ILoggerFactory loggers, Action violated)
{
    private const string NonDeterministic = "DurableTask.Core.Exceptions.NonDeterministicOrchestrationException";

    private readonly TurnScheduler scheduler = new(violated);
    private readonly Queue<HistoryEvent> held = new();
    private Task<string?>? orchestrator;
    private bool suspended;

    public TurnResult Run()
    {
        var started = history.First(e => e.Kind == HistoryEventKind.ExecutionStarted);
        if (!invoker.IsOrchestrator(instance.Name))
        {
            return new TurnResult { IsCompleted = true, Failure = Payload.Failure("System.InvalidOperationException", $"The function '{instance.Name}' doesn't exist, is disabled, or is not an orchestrator function.") };
        }

        if (!OrchestrationVersions.Fits(options.VersionMatch, instance.Version, options.DefaultVersion))
        {
            return new TurnResult
            {
                IsCompleted = true,
                Failure = Payload.Failure("VersionMismatch", $"The orchestration version '{instance.Version}' does not fit the app's version '{options.DefaultVersion}' (match strategy {options.VersionMatch}): start it anew with this version of the app."),
            };
        }

        var context = new ReplayContext(instance, started.Data, options.DataConverter, loggers, scheduler, options.DefaultVersion);
        try
        {
            scheduler.Run(() => Replay(context));
            return Result(context);
        }
        catch (TurnFailedException fatal)
        {
            return new TurnResult { IsCompleted = true, Failure = Payload.Failure(fatal.ErrorType, fatal.Message), CustomStatus = context.CustomStatus };
        }
    }

    private void Replay(ReplayContext context)
    {
        var firstNew = 0;
        for (var i = history.Count - 1; i >= 0 && firstNew == 0; i--)
        {
            firstNew = history[i].Kind == HistoryEventKind.TurnEnded ? i + 1 : 0;
        }

        for (var i = 0; i < history.Count; i++)
        {
            var next = history[i];
            if (next.IsDecision)
            {
                Confirm(context, next);
                continue;
            }

            if (next.Kind == HistoryEventKind.TurnEnded)
            {
                if (context.Decisions.TryPeek(out var extra))
                {
                    throw Different("nothing more in this turn", extra.Describe());
                }

                continue;
            }

            context.MoveTo(next, isReplay: i < firstNew);
            Apply(context, next);
        }
    }

    private void Apply(ReplayContext context, HistoryEvent next)
    {
        switch (next.Kind)
        {
            case HistoryEventKind.ExecutionStarted:
                orchestrator = Begin(context, next);
                break;
            case HistoryEventKind.Suspended:
                suspended = true;
                break;
            case HistoryEventKind.Resumed:
                suspended = false;
                while (held.TryDequeue(out var earlier))
                {
                    Deliver(context, earlier);
                }

                break;
            default:
                if (suspended)
                {
                    held.Enqueue(next);
                }
                else
                {
                    Deliver(context, next);
                }

                break;
        }

        scheduler.Drain();
    }

    private void Deliver(ReplayContext context, HistoryEvent next)
    {
        if (next.Kind == HistoryEventKind.EventRaised)
        {
            context.Raise(next);
        }
        else
        {
            context.Complete(next);
        }

        scheduler.Drain();
    }

    private Task<string?> Begin(ReplayContext context, HistoryEvent started)
    {
        try
        {
            return invoker.RunOrchestratorAsync(instance.Name, context, started.Data);
        }
        catch (Exception error)
        {
            return Task.FromException<string?>(error);
        }
    }

    private void Confirm(ReplayContext context, HistoryEvent recorded)
    {
        // Before the start: what the previous execution still had to send.
        if (orchestrator is null)
        {
            return;
        }

        if (!context.Decisions.TryDequeue(out var replayed))
        {
            throw context.Fatal ?? Different(recorded.Describe(), orchestrator.IsCompleted ? "the end of the orchestrator" : "nothing");
        }

        if (replayed.Kind != recorded.Kind || replayed.TaskId != recorded.TaskId
            || !string.Equals(replayed.Name, recorded.Name, StringComparison.OrdinalIgnoreCase))
        {
            throw Different(recorded.Describe(), replayed.Describe());
        }
    }

    private TurnFailedException Different(string expected, string found) => new(
        NonDeterministic,
        $"Non-deterministic orchestrator '{instance.Name}': its history has {expected}, its replay asks for {found}. Its code changed while the instance was "
        + "running, or it depends on something else than its input and its context: the clock, randomness, the environment, I/O.");

    private TurnResult Result(ReplayContext context)
    {
        if (context.Fatal is { } fatal)
        {
            throw fatal;
        }

        if (scheduler.IsViolated || (orchestrator is { IsCompleted: false } && !context.IsWaiting))
        {
            throw new TurnFailedException("System.InvalidOperationException", ReplayContext.IllegalAwait);
        }

        var result = new TurnResult { Decisions = [.. context.Decisions], CustomStatus = context.CustomStatus };
        if (orchestrator is not { IsCompleted: true } || suspended)
        {
            return result;
        }

        if (!orchestrator.IsCompletedSuccessfully)
        {
            var error = orchestrator.Exception?.InnerException ?? new TaskCanceledException(orchestrator);
            return result with { IsCompleted = true, Failure = Payload.Failure(error) };
        }

        if (context.Next is { } next)
        {
            var input = options.DataConverter.Serialize(next.NewInput);
            EnsureSize(input, "input of the next execution");
            return result with { Next = new NextExecution(input, next.NewVersion, next.PreserveUnprocessedEvents ? context.UnclaimedEvents : []) };
        }

        EnsureSize(orchestrator.Result, $"output of orchestrator '{instance.Name}'");
        return result with { IsCompleted = true, Output = orchestrator.Result };
    }

    private static void EnsureSize(string? json, string what)
    {
        if (Payload.Excess(json, what) is { } excess)
        {
            throw new TurnFailedException("System.InvalidOperationException", excess);
        }
    }
}
