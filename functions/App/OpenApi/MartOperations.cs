using Pipeline.App.Api;
using Pipeline.App.Mart;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Metrics;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.App.OpenApi;

/// <summary>The operations of the data mart.</summary>
internal static class MartOperations
{
    private static readonly (string Name, string Description) Tag = ("ETag", "The answer's tag: sent as If-None-Match with the same question, it is answered 304 while the table has that version.");
    private static readonly Answer BadQuery = new(400, "The question is not what is described here, or names what is not there; 'detail' says what there is.", typeof(Problem));
    private static readonly Answer NoTable = new(404, "There is no such table, or no such version of it.", typeof(Problem));
    private static readonly Answer NotAcceptable = new(406, "The request accepts none of the formats.", typeof(Problem));

    public static IReadOnlyList<Operation> All { get; } =
    [
        new(nameof(MartRequests.QueryMart), "post", "mart/query", "Rows of a table, or groups of them: columns, filters, aggregates, order and pages, at any version.")
        {
            Body = typeof(MartQuery),
            Answers = [Page("The rows."), BadQuery, NoTable, NotAcceptable],
        },
        new(nameof(MartRequests.QueryFeatures), "post", "mart/features", "Columns of a table as numbers that a model can learn from, and how they were made.")
        {
            Body = typeof(FeatureQuery),
            Answers = [Page("The features."), BadQuery, NoTable, NotAcceptable],
        },
        new(nameof(MartRequests.QueryMetrics), "post", "mart/metrics", "Metrics of a pipeline by dimensions and by time.")
        {
            Body = typeof(MetricQuery),
            Answers = [Page("A row for each group."), BadQuery, NoTable, NotAcceptable],
        },
    ];

    private static Answer Page(string description) => new(200, $"{description} As CSV or Parquet without what is said around them: the headers Pipeline-Version, Pipeline-Rows, Pipeline-Next and Pipeline-Fitted (base64) do.", typeof(MartAnswer))
    {
        Header = Tag,
        OtherTypes = [.. AcceptedFormats.Types.Skip(1)],
    };
}
