using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Pipelines;

/// <summary>A pipeline in a list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is.</param>
/// <param name="Problems">What is wrong with its definition; empty: it can run.</param>
public sealed record PipelineSummary(string Name, string? Description, IReadOnlyList<DefinitionProblem> Problems);

/// <summary>A pipeline with its steps.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is.</param>
/// <param name="Definition">Hash of its definition.</param>
/// <param name="Steps">Its steps, in an order in which every step follows its inputs.</param>
/// <param name="Metrics">The names of its metrics.</param>
public sealed record PipelineDescription(string Name, string? Description, string Definition, IReadOnlyList<StepDescription> Steps, IReadOnlyList<string> Metrics);

/// <summary>A step of a pipeline.</summary>
/// <param name="Name">Its name: the table that it makes.</param>
/// <param name="Kind">What kind of work it is.</param>
/// <param name="Level">Steps of one level do not depend on each other.</param>
/// <param name="Inputs">The tables that it reads.</param>
public sealed record StepDescription(TableKey Name, StepKind Kind, int Level, IReadOnlyList<TableKey> Inputs);

/// <summary>Pipelines over HTTP.</summary>
public sealed class PipelineRequests(DefinitionStore definitions, PipelineMetrics metrics)
{
    /// <summary>All pipelines.</summary>
    [Function(nameof(ListPipelines))]
    public async Task<IActionResult> ListPipelines([HttpTrigger(AuthorizationLevel.Function, "get", Route = "pipelines")] HttpRequest request, CancellationToken cancellationToken)
    {
        var found = new List<PipelineSummary>();
        foreach (var name in await definitions.ListAsync(cancellationToken))
        {
            try
            {
                found.Add(new PipelineSummary(name, (await definitions.LoadAsync(name, cancellationToken)).Definition.Description, []));
            }
            catch (DefinitionException error)
            {
                found.Add(new PipelineSummary(name, null, error.Problems));
            }
        }

        return Answers.Json(found);
    }

    /// <summary>A pipeline with its steps.</summary>
    [Function(nameof(GetPipeline))]
    public async Task<IActionResult> GetPipeline([HttpTrigger(AuthorizationLevel.Function, "get", Route = "pipelines/{name}")] HttpRequest request, string name, CancellationToken cancellationToken)
    {
        var pipeline = await definitions.LoadAsync(name, cancellationToken);
        return Answers.Json(new PipelineDescription(
            pipeline.Definition.Name,
            pipeline.Definition.Description,
            pipeline.Hash,
            [.. pipeline.Steps.Select(s => new StepDescription(s.Table, s.Kind, s.Level, s.Inputs))],
            [.. pipeline.Definition.Metrics.Select(m => m.Name)]));
    }

    /// <summary>A pipeline's metrics on its tables as they are now.</summary>
    [Function(nameof(GetMetrics))]
    public async Task<IActionResult> GetMetrics([HttpTrigger(AuthorizationLevel.Function, "get", Route = "metrics/{name}")] HttpRequest request, string name, CancellationToken cancellationToken) =>
        Answers.Json(await metrics.MeasureAsync(name, cancellationToken));
}
