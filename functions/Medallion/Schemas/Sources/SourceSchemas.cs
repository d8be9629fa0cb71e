using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>Registers what arrives for a source under the subject <c>PIPELINE.SOURCE</c>, and tells the event log what changed. It may be called again with the same.</summary>
/// <remarks>It is a record of what is, not a gate: what goes wrong here is logged and fails no run.</remarks>
internal sealed class SourceSchemas(SchemaRegistry registry, EventLog events, LakeTables tables, ILogger logger)
{
    private const int ToldCharacters = 6000;

    /// <summary>Registers the contract of a source that has one.</summary>
    /// <returns>What is worth noting; null: nothing.</returns>
    public Task<string?> RegisterContractAsync(SourceDefinition source, StepWork work, CancellationToken cancellationToken) =>
        source.Columns.Count == 0 ? Task.FromResult<string?>(null) : TryAsync(source, work, async () => SourceContract.Of(await GrownAsync(source, work, cancellationToken)), cancellationToken);

    // A contract that evolves has the fields too that arrived since.
    private async Task<SourceDefinition> GrownAsync(SourceDefinition source, StepWork work, CancellationToken cancellationToken)
    {
        var bronze = work.Table with { Layer = "bronze" };
        return source.Evolution == SchemaEvolution.Evolve && StepState.Of(await tables.Open(work.Pipeline, bronze).ReadAsync(null, cancellationToken), bronze) is { } state
            ? UnknownFields.Adopt(source, state.Columns)
            : source;
    }

    /// <summary>Registers the columns that were detected in bronze, of a source without a contract.</summary>
    /// <returns>What is worth noting; null: nothing.</returns>
    public Task<string?> RegisterDetectedAsync(SourceDefinition source, StepWork work, CancellationToken cancellationToken) =>
        source.Columns.Count > 0 ? Task.FromResult<string?>(null) : TryAsync(source, work, async () =>
        {
            var bronze = await tables.Open(work.Pipeline, work.Table).ReadAsync(null, cancellationToken);
            return StepState.Of(bronze, work.Table) is { Columns.Count: > 0 } state ? SourceContract.Of(state.Columns) : null;
        }, cancellationToken);

    private async Task<string?> TryAsync(SourceDefinition source, StepWork work, Func<Task<string?>> find, CancellationToken cancellationToken)
    {
        var subject = $"{work.Pipeline}.{source.Name}";
        try
        {
            return await find() is { } schema ? await RegisterAsync(subject, schema, source, work, cancellationToken) : null;
        }
#pragma warning disable CA1031 // The registry tells of data; whatever goes wrong with it, the run itself is not to fail.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            logger.NotRegistered(subject, work.RunId, error);
            return null;
        }
    }

    private async Task<string?> RegisterAsync(string subject, string text, SourceDefinition source, StepWork work, CancellationToken cancellationToken)
    {
        var latest = await registry.FindLatestAsync(subject, cancellationToken);
        if (latest is not null && FieldDifference.AreSame(latest.Schema.Text, text))
        {
            return null;
        }

        var schema = SchemaDocument.Parse(text);
        var preview = await registry.PreviewAsync(subject, schema, cancellationToken);
        if (preview.IsRegistered)
        {
            return null;
        }

        var differences = FieldDifference.Between(latest?.Schema.Text, text);
        if (preview.Incompatibilities.Count > 0)
        {
            var reasons = string.Join("; ", preview.Incompatibilities.Take(3).Select(i => i.ToString()));
            await TellAsync(source, work, subject, "schema.incompatible", $"The schema of {subject} does not go with version {latest?.Version}, and is not registered: {reasons}", $"{work.RunId}", latest?.Version, differences, cancellationToken);
            return $"The schema of {subject} changed in a way that does not go with earlier versions, and is not registered: {reasons}";
        }

        // Told first: an attempt that ends in between is repeated and tells it once; one that had registered first would find nothing to tell.
        var (type, what) = latest is null ? ("schema.registered", "is registered as") : ("schema.changed", "becomes");
        await TellAsync(source, work, subject, type, $"The schema of {subject} {what} version {preview.Version}.", $"{preview.Version}/{schema.Hash}", preview.Version, latest is null ? [] : differences, cancellationToken);
        await registry.RegisterAsync(subject, schema, cancellationToken);
        return null;
    }

    private Task TellAsync(
        SourceDefinition source, StepWork work, string subject, string type, string message, string once, int? version, IReadOnlyList<FieldDifference> differences, CancellationToken cancellationToken)
    {
        var told = Bounded(differences);
        return events.TryAppendAsync(
            new NewEvent
            {
                Type = type,
                Source = $"{work.Pipeline}/bronze.{source.Name}",
                RunId = work.RunId,
                Subject = subject,
                Message = told.Count == 0 ? message : $"{message} {string.Join("; ", told)}",
                Data = EventData.Of(
                    ("version", version),
                    ("differences", told.Count == 0 ? null : told),
                    ("more", differences.Count > told.Count ? differences.Count - told.Count : null)),
                Key = $"{subject}/{type}/{once}",
            },
            cancellationToken);
    }

    private static IReadOnlyList<FieldDifference> Bounded(IReadOnlyList<FieldDifference> differences)
    {
        var characters = 0;
        return [.. differences.TakeWhile(d => (characters += Json.Write(d).Length) <= ToldCharacters)];
    }
}
