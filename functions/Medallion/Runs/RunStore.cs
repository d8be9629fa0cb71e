using System.Globalization;
using Azure.Data.Tables;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Runs;

/// <summary>Remembers runs in the Azure table <c>runs</c>, and grants one run per pipeline at a time. Losing the table loses history, never correctness.</summary>
public sealed class RunStore(TableServiceClient tables, TimeProvider clock)
{
    private const string Current = "current";
    private const int ErrorCharacters = 4000;
    private readonly StateTable runs = new(tables, "runs");

    /// <summary>How long a claim holds before its orchestration is there.</summary>
    public static TimeSpan GraceOfUnscheduled { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => runs.CreateAsync(cancellationToken);

    /// <summary>Claims the pipeline for a new run, unless one is going on.</summary>
    /// <param name="wanted">What is asked for; its id has no meaning.</param>
    /// <param name="isGoingOn">Whether an earlier run's orchestration is still at work; null: there is no such orchestration.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new run's id, or the id of the run that is going on; and the run whose orchestration the caller has to schedule.</returns>
    public async Task<RunClaim> ClaimAsync(RunRequest wanted, Func<string, CancellationToken, Task<bool?>> isGoingOn, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(isGoingOn);
        var pipeline = wanted.Pipeline;
        while (true)
        {
            var now = clock.GetUtcNow();
            var holder = await runs.FindAsync(pipeline, Current, cancellationToken);
            var number = now.ToUnixTimeMilliseconds();
            if (holder is not null)
            {
                var holderId = holder.GetString("RunId");
                var goingOn = await isGoingOn(holderId, cancellationToken);
                if (goingOn ?? now - holder.GetDateTimeOffset("ClaimedUtc") < GraceOfUnscheduled)
                {
                    return new RunClaim(holderId, Granted: false) { Unscheduled = goingOn is null ? await AdoptAsync(holder, cancellationToken) : null };
                }

                number = Math.Max(number, (holder.GetInt64("Number") ?? 0) + 1);
            }

            var runId = string.Create(CultureInfo.InvariantCulture, $"{pipeline}.{number}");
            var run = wanted with { RunId = runId, Select = [.. wanted.Select.Distinct()] };
            var claim = new TableEntity(pipeline, Current) { ["RunId"] = runId, ["Number"] = number, ["ClaimedUtc"] = now, ["Request"] = Json.Write(run) };
            if (holder is null ? await runs.TryAddAsync(claim, cancellationToken) : await runs.TryReplaceAsync(claim, holder.ETag, cancellationToken))
            {
                await SaveAsync(new RunRecord { Id = runId, Pipeline = pipeline, Status = RunStatus.Running, StartedUtc = now }, cancellationToken);
                return new RunClaim(runId, Granted: true) { Unscheduled = run };
            }

            // Somebody else claimed it in between: look again who.
        }
    }

    /// <summary>Gives a claim back that could not be used.</summary>
    public async Task ReleaseAsync(string runId, CancellationToken cancellationToken)
    {
        var (pipeline, _) = Parse(runId);
        if (await runs.FindAsync(pipeline, Current, cancellationToken) is { } holder && holder.GetString("RunId") == runId)
        {
            holder["ClaimedUtc"] = DateTimeOffset.UnixEpoch;
            await runs.TryReplaceAsync(holder, holder.ETag, cancellationToken);
        }
    }

    /// <summary>Whether a run holds its pipeline.</summary>
    public async Task<bool> HoldsAsync(string runId, CancellationToken cancellationToken)
    {
        var (pipeline, _) = Parse(runId);

        // A lost table has nobody who could hold it.
        return await runs.FindAsync(pipeline, Current, cancellationToken) is not { } holder || holder.GetString("RunId") == runId;
    }

    /// <summary>The newest claim of a pipeline and when it was made; null where there was none.</summary>
    public async Task<(string RunId, DateTimeOffset ClaimedUtc)?> CurrentAsync(string pipeline, CancellationToken cancellationToken) =>
        await runs.FindAsync(pipeline, Current, cancellationToken) is { } holder ? (holder.GetString("RunId"), holder.GetDateTimeOffset("ClaimedUtc") ?? default) : null;

    /// <summary>The run of a pipeline that is going on, or about to; null where there is none.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="isGoingOn">Whether a run's orchestration is still at work; null: there is no such orchestration.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<string?> GoingOnAsync(string pipeline, Func<string, CancellationToken, Task<bool?>> isGoingOn, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isGoingOn);
        return await CurrentAsync(pipeline, cancellationToken) is { } current
            && (await isGoingOn(current.RunId, cancellationToken) ?? clock.GetUtcNow() - current.ClaimedUtc < GraceOfUnscheduled)
                ? current.RunId
                : null;
    }

    /// <summary>Notes how a run ended.</summary>
    public async Task EndAsync(string runId, RunStatus status, string? error, IReadOnlyDictionary<string, decimal?> metrics, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (pipeline, number) = Parse(runId);
        var run = await FindAsync(runId, cancellationToken)
            ?? new RunRecord { Id = runId, Pipeline = pipeline, Status = status, StartedUtc = DateTimeOffset.FromUnixTimeMilliseconds(number) };
        if (run.EndedUtc is null)
        {
            await SaveAsync(run with { Status = status, Error = error, EndedUtc = now, Metrics = metrics }, cancellationToken);
        }
    }

    /// <summary>A run without its steps, or null.</summary>
    public async Task<RunRecord?> FindAsync(string runId, CancellationToken cancellationToken)
    {
        if (!TryParse(runId, out var pipeline, out var number))
        {
            return null;
        }

        return await runs.FindAsync(pipeline, RowKey(number), cancellationToken) is { } entity ? Read(entity) : null;
    }

    /// <summary>Runs without their steps, newest first within a pipeline.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<RunRecord>> ListAsync(string? pipeline, int limit, CancellationToken cancellationToken)
    {
        var filter = pipeline is null
            ? TableClient.CreateQueryFilter($"RowKey lt {Current}")
            : TableClient.CreateQueryFilter($"PartitionKey eq {pipeline} and RowKey lt {Current}");
        var found = new List<RunRecord>();
        await foreach (var entity in runs.QueryAsync(filter, cancellationToken))
        {
            found.Add(Read(entity));
            if (pipeline is not null && found.Count == limit)
            {
                break;
            }
        }

        return [.. found.OrderByDescending(r => r.StartedUtc).Take(limit)];
    }

    /// <summary>The pipeline and the number that a run's id is made of.</summary>
    public static bool TryParse(string runId, out string pipeline, out long number)
    {
        ArgumentNullException.ThrowIfNull(runId);
        var dot = runId.LastIndexOf('.');
        pipeline = dot > 0 ? runId[..dot] : "";
        return long.TryParse(runId.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out number) && dot > 0;
    }

    /// <summary>An error as it is kept: at most 4,000 characters.</summary>
    internal static string? Shorten(string? error) => error is { Length: > ErrorCharacters } ? string.Concat(error.AsSpan(0, ErrorCharacters), " …") : error;

    // The process that made the claim may have ended before it scheduled the run: whoever comes next does the rest.
    private async Task<RunRequest?> AdoptAsync(TableEntity holder, CancellationToken cancellationToken)
    {
        if (holder.GetString("Request") is not { } request)
        {
            return null;
        }

        var run = Json.Read<RunRequest>(request);
        if (await FindAsync(run.RunId, cancellationToken) is null)
        {
            await SaveAsync(new RunRecord { Id = run.RunId, Pipeline = run.Pipeline, Status = RunStatus.Running, StartedUtc = holder.GetDateTimeOffset("ClaimedUtc") ?? default }, cancellationToken);
        }

        return run;
    }

    private static (string Pipeline, long Number) Parse(string runId) =>
        TryParse(runId, out var pipeline, out var number) ? (pipeline, number) : throw new TerminalException($"'{runId}' is not the id of a run: expected PIPELINE.NUMBER.");

    private static string RowKey(long number) => (long.MaxValue - number).ToString("D19", CultureInfo.InvariantCulture);

    private Task SaveAsync(RunRecord run, CancellationToken cancellationToken)
    {
        var (pipeline, number) = Parse(run.Id);
        var entity = new TableEntity(pipeline, RowKey(number))
        {
            ["RunId"] = run.Id,
            ["Status"] = run.Status.ToString(),
            ["StartedUtc"] = run.StartedUtc,
            ["EndedUtc"] = run.EndedUtc,
            ["Error"] = Shorten(run.Error),
            ["Metrics"] = Json.Write(run.Metrics),
        };
        return runs.UpsertAsync(entity, TableUpdateMode.Replace, cancellationToken);
    }

    private RunRecord Read(TableEntity entity)
    {
        var started = entity.GetDateTimeOffset("StartedUtc") ?? default;
        var ended = entity.GetDateTimeOffset("EndedUtc");
        return new RunRecord
        {
            Id = entity.GetString("RunId"),
            Pipeline = entity.PartitionKey,
            Status = Enum.Parse<RunStatus>(entity.GetString("Status")),
            StartedUtc = started,
            EndedUtc = ended,
            Seconds = Math.Round(((ended ?? clock.GetUtcNow()) - started).TotalSeconds, 3),
            Error = entity.GetString("Error"),
            Metrics = Json.Read<Dictionary<string, decimal?>>(entity.GetString("Metrics")),
        };
    }
}

/// <summary>The answer to a claim.</summary>
/// <param name="RunId">The new run's id, or that of the run which is going on.</param>
/// <param name="Granted">Whether the claim was granted.</param>
public sealed record RunClaim(string RunId, bool Granted)
{
    /// <summary>The run, where its orchestration is not there: the caller schedules it, also if the claim is somebody else's. Null: there is nothing to schedule.</summary>
    public RunRequest? Unscheduled { get; init; }
}
