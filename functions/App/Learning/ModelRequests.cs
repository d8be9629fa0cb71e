using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Prediction;

namespace Pipeline.App.Learning;

/// <summary>A model in a list.</summary>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Name">The model's name.</param>
/// <param name="Version">Its newest version.</param>
/// <param name="RunId">The run that trained it.</param>
/// <param name="Card">What one must know before using it.</param>
public sealed record ModelSummary(string Pipeline, string Name, long Version, string RunId, ModelCard Card);

/// <summary>Rows that a model is to say something of.</summary>
public sealed record ScoreBody
{
    /// <summary>1 to 1,000 rows with the columns that the model looks at, such as <c>[{"frequency": 3, "monetary": 120.5}]</c>.</summary>
    public required IReadOnlyList<JsonObject> Rows { get; init; }
}

/// <summary>Models over HTTP: which there are, what they are worth, what they say of rows.</summary>
public sealed class ModelRequests(ModelRegistry registry, ModelScoring scoring)
{
    private const string Markdown = "text/markdown";

    /// <summary>Lists the newest version of each model.</summary>
    [Function(nameof(ListModels))]
    public async Task<IActionResult> ListModels([HttpTrigger(AuthorizationLevel.Function, "get", Route = "models")] HttpRequest request, CancellationToken cancellationToken)
    {
        var models = await registry.ListAsync(Requests.Text(request, "pipeline"), cancellationToken);
        return Answers.Json(models.Select(m => new ModelSummary(m.Pipeline, m.Name, m.Version, m.RunId, m.Card)).ToList());
    }

    /// <summary>Shows a model; to who accepts text/markdown its card.</summary>
    [Function(nameof(GetModel))]
    public async Task<IActionResult> GetModel(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "models/{pipeline}/{name}")] HttpRequest request, string pipeline, string name, CancellationToken cancellationToken)
    {
        var model = await scoring.FindAsync(pipeline, name, Requests.Number(request, "version", 1, long.MaxValue), cancellationToken);
        return request.Headers.Accept.Any(a => a?.StartsWith(Markdown, StringComparison.OrdinalIgnoreCase) == true)
            ? new ContentResult { Content = model.Card.ToMarkdown(), ContentType = $"{Markdown}; charset=utf-8", StatusCode = StatusCodes.Status200OK }
            : Answers.Json(model);
    }

    /// <summary>Says of rows in which cluster they are and whether they are anomalies, or what is predicted of them.</summary>
    [Function(nameof(ScoreRows))]
    public async Task<IActionResult> ScoreRows(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "models/{pipeline}/{name}/score")] HttpRequest request, string pipeline, string name, CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<ScoreBody>(request, cancellationToken);
        return Answers.Json(await scoring.ScoreAsync(pipeline, name, Requests.Number(request, "version", 1, long.MaxValue), body.Rows, cancellationToken));
    }
}
