using Azure.Data.Tables;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>Remembers the steps of runs, with their failures, in the Azure table <c>steps</c>. An activity writes its failure here before it throws,
/// because an exception loses its properties at the activity's edge.</summary>
public sealed class StepStore(TableServiceClient tables, TimeProvider clock)
{
    private const int BatchRows = 100;
    private readonly StateTable steps = new(tables, "steps");

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => steps.CreateAsync(cancellationToken);

    /// <summary>Notes the steps that a run is going to take; those that have nothing to do are unchanged at once.</summary>
    public async Task PlanAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        foreach (var batch in plan.Steps.Select((step, order) => Entity(plan, step, order)).Chunk(BatchRows))
        {
            await steps.ReplaceAsync(batch, cancellationToken);
        }
    }

    /// <summary>Notes that an attempt of a step begins.</summary>
    public Task BeginAsync(string runId, TableKey step, CancellationToken cancellationToken) =>
        MergeAsync(runId, step, StepStatus.Running, e => e["StartedUtc"] = clock.GetUtcNow(), cancellationToken);

    /// <summary>Notes how a step ended.</summary>
    public Task EndAsync(string runId, StepResult result, RowBooks? rows, string? note, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        return MergeAsync(
            runId,
            result.Table,
            result.Status,
            e =>
            {
                e["EndedUtc"] = clock.GetUtcNow();
                e["Version"] = result.Versions.TryGetValue(result.Table, out var version) ? version : null;
                e["RowsIn"] = rows?.In;
                e["RowsOut"] = rows?.Out;
                e["RowsRejected"] = rows?.Rejected;
                e["Note"] = RunStore.Shorten(note);
                e["Error"] = "";
            },
            cancellationToken);
    }

    /// <summary>Adds something to what is noted of a step, once.</summary>
    public async Task RemarkAsync(string runId, TableKey step, string remark, CancellationToken cancellationToken)
    {
        var noted = (await steps.FindAsync(runId, step.ToString(), cancellationToken))?.GetString("Note") ?? "";
        if (!noted.Contains(remark, StringComparison.Ordinal))
        {
            var row = new TableEntity(runId, step.ToString()) { ["Note"] = RunStore.Shorten($"{noted} {remark}".Trim()) };
            await steps.UpsertAsync(row, TableUpdateMode.Merge, cancellationToken);
        }
    }

    /// <summary>Notes why an attempt of a step failed.</summary>
    public Task FailAsync(string runId, TableKey step, string error, CancellationToken cancellationToken) => MergeAsync(
        runId,
        step,
        StepStatus.Failed,
        e =>
        {
            e["EndedUtc"] = clock.GetUtcNow();
            e["Error"] = RunStore.Shorten(error);
        },
        cancellationToken);

    /// <summary>Notes that steps are left out because one before them failed.</summary>
    public async Task SkipAsync(string runId, IEnumerable<TableKey> skipped, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(skipped);
        foreach (var step in skipped)
        {
            await MergeAsync(runId, step, StepStatus.Skipped, _ => { }, cancellationToken);
        }
    }

    /// <summary>The steps of a run in the order of the plan.</summary>
    public async Task<IReadOnlyList<StepRecord>> ListAsync(string runId, CancellationToken cancellationToken)
    {
        var found = new List<StepRecord>();
        await foreach (var entity in steps.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {runId}"), cancellationToken))
        {
            // A step that was begun before its plan was noted cannot be: the plan is the first activity.
            found.Add(Read(entity));
        }

        return [.. found.OrderBy(s => s.Order)];
    }

    private static TableEntity Entity(RunPlan plan, PlannedStep step, int order) => new(plan.RunId, step.Table.ToString())
    {
        ["Order"] = order,
        ["Kind"] = step.Kind.ToString(),
        ["Status"] = (step.Unchanged ? StepStatus.Unchanged : StepStatus.Pending).ToString(),
        ["Why"] = step.Why,
        ["Version"] = step.Unchanged && plan.Versions.TryGetValue(step.Table, out var version) ? version : null,
    };

    private Task MergeAsync(string runId, TableKey step, StepStatus status, Action<TableEntity> fill, CancellationToken cancellationToken)
    {
        var entity = new TableEntity(runId, step.ToString()) { ["Status"] = status.ToString() };
        fill(entity);
        foreach (var empty in entity.Where(p => p.Value is null).Select(p => p.Key).ToList())
        {
            entity.Remove(empty);
        }

        return steps.UpsertAsync(entity, TableUpdateMode.Merge, cancellationToken);
    }

    private StepRecord Read(TableEntity entity)
    {
        var status = Enum.Parse<StepStatus>(entity.GetString("Status"));
        var started = entity.GetDateTimeOffset("StartedUtc");
        var ended = status == StepStatus.Running ? clock.GetUtcNow() : entity.GetDateTimeOffset("EndedUtc");
        return new StepRecord
        {
            Name = entity.RowKey,
            Order = entity.GetInt32("Order") ?? int.MaxValue,
            Kind = Enum.TryParse<StepKind>(entity.GetString("Kind"), out var kind) ? kind : StepKind.Model,
            Status = status,
            RowsIn = entity.GetInt64("RowsIn") ?? 0,
            RowsOut = entity.GetInt64("RowsOut") ?? 0,
            RowsRejected = entity.GetInt64("RowsRejected") ?? 0,
            Version = entity.GetInt64("Version"),
            StartedUtc = started,
            EndedUtc = entity.GetDateTimeOffset("EndedUtc"),
            Seconds = started is { } s && ended is { } e && e > s ? Math.Round((e - s).TotalSeconds, 3) : 0,
            Error = entity.GetString("Error") is { Length: > 0 } error ? error : null,
            Note = entity.GetString("Note"),
            Why = entity.GetString("Why"),
        };
    }
}
