using Pipeline.App.Api;
using Pipeline.App.Learning;
using Pipeline.Medallion.Learning;

namespace Pipeline.App.OpenApi;

/// <summary>The operations of models.</summary>
internal static class LearningOperations
{
    private static readonly IReadOnlyList<Parameter> Model =
    [
        new("pipeline", "The pipeline's name.") { InRoute = true },
        new("name", "The model's name.") { InRoute = true },
        new("version", "The model's version; without it the newest.") { Number = (1, long.MaxValue, null) },
    ];

    private static readonly Answer NoModel = new(404, "There is no such model, or no such version of it.", typeof(Problem));
    private static readonly Answer BadRequest = new(400, "The request is not what is described here; 'detail' says what the model looks at.", typeof(Problem));
    private static readonly Answer CannotBeMet = new(422, "What lies in the lake does not allow it.", typeof(Problem));

    public static IReadOnlyList<Operation> All { get; } =
    [
        new(nameof(ModelRequests.ListModels), "get", "models", "The newest version of each model that pipelines have trained.")
        {
            Parameters = [new("pipeline", "Only those of this pipeline.")],
            Answers = [new(200, "The models, by pipeline and name.", typeof(IReadOnlyList<ModelSummary>)), CannotBeMet],
        },
        new(nameof(ModelRequests.GetModel), "get", "models/{pipeline}/{name}", "A model: what it was trained on and how, what it is worth, and all that is needed to apply it.")
        {
            Parameters = Model,
            Answers = [new(200, "The model; as text/markdown its card.", typeof(TrainedModel)) { OtherTypes = ["text/markdown"] }, BadRequest, NoModel, CannotBeMet],
        },
        new(nameof(ModelRequests.ScoreRows), "post", "models/{pipeline}/{name}/score", "Puts rows into the clusters of a model and tells which are anomalies, or predicts them by a regression.")
        {
            Parameters = Model,
            Body = typeof(ScoreBody),
            Answers = [new(200, "A score for each row.", typeof(RowScores)), BadRequest, NoModel, CannotBeMet],
        },
    ];
}
