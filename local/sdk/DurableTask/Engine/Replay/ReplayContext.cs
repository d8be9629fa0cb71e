using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.DurableTask.Engine.History;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Engine.Replay;

/// <summary>The context of one turn: hands out tasks, notes decisions, and completes tasks as the history says.</summary>
internal sealed partial class ReplayContext(InstanceRecord instance, string? inputJson, DataConverter converter, ILoggerFactory loggers, TurnScheduler scheduler, string defaultVersion)
    : TaskOrchestrationContext
{
    public const string IllegalAwait = "An invalid asynchronous invocation was detected. This can be caused by awaiting non-durable tasks in an orchestrator "
        + "function's implementation or by middleware that invokes asynchronous code.";

    private readonly Dictionary<int, TaskCompletionSource<string?>> open = [];
    private DateTime now;
    private bool replaying = true;
    private int lastTaskId = -1;
    private int guids;

    /// <summary>Decisions that the history has not confirmed yet, in their order.</summary>
    public Queue<HistoryEvent> Decisions { get; } = new();

    /// <summary>What fails the instance, whatever its code makes of it.</summary>
    public TurnFailedException? Fatal { get; private set; }

    /// <summary>The custom status as JSON.</summary>
    public string? CustomStatus { get; private set; } = instance.CustomStatus;

    /// <summary>Set once the orchestrator asked to start over.</summary>
    public ContinueAsNewOptions? Next { get; private set; }

    /// <summary>True if something can still happen that lets the orchestrator go on.</summary>
    public bool IsWaiting => open.Count > 0 || waiters.Values.Any(stack => stack.Any(waiter => waiter.IsWaiting));

    public override TaskName Name => instance.Name;

    public override string InstanceId => instance.InstanceId;

    public override ParentOrchestrationInstance? Parent => instance.Parent is { } parent ? new(parent.Name, parent.InstanceId) : null;

    public override DateTime CurrentUtcDateTime => now;

    public override bool IsReplaying => replaying;

    public override string Version => instance.Version;

    protected override ILoggerFactory LoggerFactory => loggers;

    public override T? GetInput<T>()
        where T : default => converter.Deserialize<T>(inputJson);

    public override void SetCustomStatus(object? customStatus)
    {
        EnsureTurn();
        var json = converter.Serialize(customStatus);
        if (json?.Length > Payload.MaxCustomStatus)
        {
            throw Fail("System.ArgumentException", $"The custom status is {json.Length} characters of JSON; at most {Payload.MaxCustomStatus} (16 KiB of UTF-16) are allowed.");
        }

        CustomStatus = json;
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        ContinueAsNew(new ContinueAsNewOptions { NewInput = newInput, PreserveUnprocessedEvents = preserveUnprocessedEvents });

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        EnsureTurn();
        Next = options;
    }

    // RFC 4122 version 5: a name-based Guid, so that every replay gets the same ones.
    public override Guid NewGuid()
    {
        EnsureTurn();
        var name = string.Create(CultureInfo.InvariantCulture, $"{InstanceId}_{now:o}_{guids++}");
        Span<byte> text = [.. NamespaceOfGuids.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)];
#pragma warning disable CA5350 // Version 5 is defined with SHA-1; nothing is protected by it.
        Span<byte> hash = SHA1.HashData(text);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>Sets time and phase for what is applied next.</summary>
    public void MoveTo(HistoryEvent cause, bool isReplay)
    {
        replaying = isReplay;
        if (cause.Time != default)
        {
            now = cause.Time;
        }
    }

    /// <summary>Completes the task that the event ends; one that nobody waits for any more is ignored.</summary>
    public void Complete(HistoryEvent end)
    {
        if (!open.Remove(end.TaskId, out var task))
        {
            return;
        }

        if (end.Failure is { } failure)
        {
            task.SetException(new TaskFailedException(end.Name ?? "", end.TaskId, failure) { Data = { [FinalKey] = end.IsFinal } });
        }
        else
        {
            task.SetResult(end.Data);
        }
    }

    private TurnFailedException Fail(string errorType, string message) => Fatal ??= new TurnFailedException(errorType, message);

    private void EnsureTurn()
    {
        if (!scheduler.IsCurrent)
        {
            scheduler.Violate();
            throw new InvalidOperationException(IllegalAwait);
        }
    }

    private string? Serialize(object? value, string what)
    {
        // The history has it already.
        if (replaying)
        {
            return null;
        }

        var json = converter.Serialize(value);
        return Payload.Excess(json, what) is { } excess ? throw Fail("System.InvalidOperationException", excess) : json;
    }

    private Task<string?> Decide(HistoryEvent decision)
    {
        var task = new TaskCompletionSource<string?>();
        open.Add(decision.TaskId, task);
        Decisions.Enqueue(decision);
        return task.Task;
    }

    private const string FinalKey = "IsFinal";
    private static readonly Guid NamespaceOfGuids = new("9e952958-5e33-4daf-827f-2fa12937b875");
}
