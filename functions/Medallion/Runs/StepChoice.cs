using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>Chooses the steps of a run.</summary>
public static class StepChoice
{
    /// <summary>The steps that a request is for, in the order of the pipeline.</summary>
    /// <remarks>Without a selection a backfill is for every table of silver that is partitioned by date, and for all that follows from these.</remarks>
    /// <exception cref="UnknownStepException">The pipeline has no such step.</exception>
    /// <exception cref="TerminalException">A backfill is asked for of what has no partitions by date, or of a part of a partition.</exception>
    public static IReadOnlyList<Step> Of(CompiledPipeline pipeline, RunRequest request)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(request);
        foreach (var table in request.Select.Where(t => pipeline.Steps.All(s => s.Table != t)))
        {
            throw new UnknownStepException(table.ToString(), pipeline);
        }

        if (request.Replay is { } replay)
        {
            return ForReplay(pipeline, replay);
        }

        IReadOnlyList<Step> chosen = request.Select.Count == 0 ? pipeline.Steps : [.. pipeline.Steps.Where(s => request.Select.Contains(s.Table))];
        return request.Backfill is { } range ? ForBackfill(pipeline, request, range, chosen) : chosen;
    }

    // The table, and all that follows from it.
    private static IReadOnlyList<Step> ForReplay(CompiledPipeline pipeline, ReplayRequest replay)
    {
        if (pipeline.Steps.FirstOrDefault(s => s.Table == replay.Table) is not { Kind: StepKind.Clean })
        {
            throw new UnknownStepException(replay.Table.ToString(), pipeline);
        }

        var wanted = StepSelector.Expand(pipeline, [new StepSelector(replay.Table, WithDescendants: true)]).ToHashSet();
        return [.. pipeline.Steps.Where(s => wanted.Contains(s.Table) && (s.Table == replay.Table || s.Kind is StepKind.Model or StepKind.Learn or StepKind.Serve))];
    }

    private static IReadOnlyList<Step> ForBackfill(CompiledPipeline pipeline, RunRequest request, DateRange range, IReadOnlyList<Step> chosen)
    {
        // What only looks values up in a table that is backfilled is not backfilled with it.
        chosen = [.. chosen.Where(s => s.Kind != StepKind.Clean || IsByDate(pipeline, s) || !s.Inputs.Any(i => chosen.Any(c => c.Table == i && c.Kind == StepKind.Clean && IsByDate(pipeline, c))))];
        var partitioned = chosen.Where(s => s.Kind == StepKind.Clean && IsByDate(pipeline, s)).ToList();
        if (request.Select.Count > 0 && chosen.FirstOrDefault(s => s.Kind == StepKind.Ingest || (s.Kind == StepKind.Clean && !IsByDate(pipeline, s))) is { } other)
        {
            throw new TerminalException(other.Kind == StepKind.Ingest
                ? $"{other.Table} has no partitions that could be made anew: a backfill is for tables of silver and what follows from them. Select silver.{other.Table.Name}."
                : $"{other.Table} has no partitions by year, [year, month] or [year, month, day]: a backfill makes such partitions anew. Give source '{other.Table.Name}' a 'partition' in pipeline.yaml and run it, or use a full refresh.");
        }

        if (partitioned.Count == 0)
        {
            throw new TerminalException($"A backfill makes partitions of silver anew, and {(request.Select.Count == 0 ? $"no source of pipeline '{pipeline.Definition.Name}' has any by year, [year, month] or [year, month, day]" : "none of the selected steps makes such a table")}.");
        }

        foreach (var step in partitioned)
        {
            RequireWhole(step.Table, pipeline.Source(step.Table).Partition?.As ?? [], range);
        }

        var wanted = request.Select.Count > 0
            ? chosen.Select(s => s.Table).ToHashSet()
            : StepSelector.Expand(pipeline, [.. partitioned.Select(s => new StepSelector(s.Table, WithDescendants: true))]).ToHashSet();
        return [.. chosen.Where(s => wanted.Contains(s.Table))];
    }

    private static bool IsByDate(CompiledPipeline pipeline, Step step) => DatePartitions.IsOrdered(pipeline.Source(step.Table).Partition?.As ?? []);

    private static void RequireWhole(TableKey table, IReadOnlyList<string> parts, DateRange range)
    {
        var (first, last) = (DatePartitions.StartOf(parts, range.From), DatePartitions.Next(parts, DatePartitions.StartOf(parts, range.To)).AddDays(-1));
        if (range != new DateRange(first, last))
        {
            throw new TerminalException($"{table} is partitioned by [{string.Join(", ", parts)}], and a backfill is for whole partitions: {range} cuts some. Ask for {new DateRange(first, last)}.");
        }
    }
}

/// <summary>A run was asked for a step that the pipeline does not have.</summary>
public sealed class UnknownStepException(string step, CompiledPipeline pipeline)
    : TerminalException($"Pipeline '{pipeline.Definition.Name}' has no step '{step}'. Its steps: {string.Join(", ", pipeline.Steps.Select(s => s.Table))}.");
