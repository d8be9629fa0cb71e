using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Tests.Prediction;

public sealed class ModelCardTests
{
    private static readonly ModelCard Card = new()
    {
        Name = "freight",
        Version = 3,
        Kind = "ridge regression",
        TrainedUtc = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Data = new Dictionary<string, long> { ["silver.orders"] = 12 },
        Rows = 12345,
        Features = ["weight", "distance"],
        Target = "freight",
        Parameters = new Dictionary<string, string> { ["lambda"] = "0.1", ["columns"] = "a|b" },
        Metrics = new Dictionary<string, double> { ["test RMSE"] = 1.23456789, ["test R²"] = 0.5 },
        Baseline = new Dictionary<string, double> { ["test RMSE"] = 2.5 },
        Limits = ["Knows nothing of orders before 2020."],
    };

    [Fact]
    public void ToMarkdown_Ridge_TellsAll() => Assert.Equal(
        """
        # freight, version 3

        ridge regression, trained 2026-01-02 03:04:05 UTC on 12,345 rows of `silver.orders` version 12.

        Features: `weight`, `distance`.
        Target: `freight`.

        | parameter | value |
        |---|---|
        | columns | a\|b |
        | lambda | 0.1 |

        | metric | model | naive baseline |
        |---|---|---|
        | test RMSE | 1.23457 | 2.5 |
        | test R² | 0.5 |  |

        ## Limits

        - Knows nothing of orders before 2020.

        """.ReplaceLineEndings("\n"),
        Card.ToMarkdown());

    [Fact]
    public void ToMarkdown_WithoutBaseline_HasNoColumnForIt() =>
        Assert.Contains("| metric | value |\n|---|---|\n| test RMSE | 1.23457 |", (Card with { Baseline = new Dictionary<string, double>() }).ToMarkdown(), StringComparison.Ordinal);

    [Fact]
    public void ToJson_ReadAgain_IsTheCard() => Assert.Equal(Card.ToMarkdown(), Json.Read<ModelCard>(Card.ToJson()).ToMarkdown());
}
