using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.App.Runs;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Tests.Runs;

/// <summary>The order in which a clean step that was cut is done.</summary>
public sealed class CleanInPartsTests
{
    private static readonly TableKey Silver = new("silver", "f");
    private static readonly StepWork Work = new() { RunId = "p.1", Pipeline = "p", Definition = "", PlanId = "", Number = 1, TimeUtc = DateTimeOffset.UnixEpoch, Table = Silver };

    [Fact]
    public async Task RunAsync_PartsSilverAndBuckets_EachPhaseGetsWhatTheOneBeforeMade()
    {
        var calls = new Calls();

        var result = await CleanInParts.RunAsync(calls, Work, new SplitStep("cut1", Parts: 2, Present: 1, Buckets: 2));

        Assert.Equal(StepStatus.Succeeded, result.Status);
        Assert.Equal(["CleanPart 0 of [] []", "CleanPart 1 of [] []", "CleanPart 2 of [0 1] []", "CleanBucket 0 of [0 1 2] []", "CleanBucket 1 of [0 1 2] []", "CommitCleaned 0 of [0 1 2] [0 1]"], calls.Made);
    }

    [Fact]
    public async Task RunAsync_APartFails_EndsTheOthersAndCommitsNothing()
    {
        var calls = new Calls { Fails = (activity, work) => activity == "CleanPart" && work.Part == 0 ? new TerminalException("rule broken") : null };

        var failure = await Assert.ThrowsAsync<TaskFailedException>(() => CleanInParts.RunAsync(calls, Work, new SplitStep("cut1", Parts: 3, Present: 0, Buckets: 1)));

        Assert.Equal("rule broken", failure.FailureDetails.ErrorMessage);
        Assert.Equal(["CleanPart 0 of [] []", "CleanPart 1 of [] []", "CleanPart 2 of [] []"], calls.Made);
    }

    [Fact]
    public async Task RunAsync_TablesChangedMeanwhile_IsCutAnewAndDoneByTheNewCut()
    {
        var calls = new Calls { Fails = (activity, work) => activity == "CommitCleaned" && work.Split?.Invocation == "cut1" ? new TransientException("a commit in between") : null };

        await CleanInParts.RunAsync(calls, Work, new SplitStep("cut1", Parts: 1, Present: 0, Buckets: 0));

        Assert.Equal(["CleanPart 0 of [] []", "CommitCleaned 0 of [0] []", "CleanSource 0 of [] []", "CleanPart 0 of [] []", "CommitCleaned 0 of [0] []"], calls.Made);
    }

    private sealed class Calls : TaskOrchestrationContext
    {
        public List<string> Made { get; } = [];

        public Func<string, StepWork, Exception?> Fails { get; init; } = (_, _) => null;

        public override TaskName Name => default;

        public override string InstanceId => Work.RunId;

        public override ParentOrchestrationInstance? Parent => null;

        public override DateTime CurrentUtcDateTime => DateTime.UnixEpoch;

        public override bool IsReplaying => false;

        protected override ILoggerFactory LoggerFactory => NullLoggerFactory.Instance;

        public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
        {
            var work = Assert.IsType<StepWork>(input);
            Made.Add($"{name.Name} {work.Part} of [{string.Join(' ', work.Landed.Select(p => p.Part))}] [{string.Join(' ', work.Buckets.Select(p => p.Part))}]");
            if (Fails(name.Name, work) is { } error)
            {
                return Task.FromException<TResult>(new TaskFailedException(name.Name, Made.Count, error));
            }

            object result = name.Name switch
            {
                "CleanSource" => new StepResult { Table = Silver, Status = StepStatus.Running, Split = new SplitStep("cut2", Parts: 1, Present: 0, Buckets: 0) },
                "CommitCleaned" => new StepResult { Table = Silver, Status = StepStatus.Succeeded },
                _ => new LandedPart(work.Part, "attempt"),
            };
            return Task.FromResult((TResult)result);
        }

        public override T? GetInput<T>()
            where T : default => throw new NotSupportedException();

        public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

        public override void SetCustomStatus(object? customStatus) => throw new NotSupportedException();

        public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) => throw new NotSupportedException();

        public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();

        public override Guid NewGuid() => throw new NotSupportedException();
    }
}
