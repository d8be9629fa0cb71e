using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Prediction;

/// <summary>How a ridge regression is trained.</summary>
public sealed record RidgeOptions
{
    /// <summary>Of all rows, the oldest, which are learnt from.</summary>
    public double TrainingShare { get; init; } = 0.7;

    /// <summary>Of all rows, those after them, which the model is checked on and then learns from, too; the rest, the newest, only test it.</summary>
    public double ValidationShare { get; init; } = 0.15;

    /// <summary>Parts of the training rows that are predicted from all older ones, to choose the penalty; 2 and more.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Penalties to choose from; of equally good ones the greatest.</summary>
    public IReadOnlyList<double> Lambdas { get; init; } = [0, .. Enumerable.Range(-6, 17).Select(half => Math.Pow(10, half / 2.0))];

    internal void Check()
    {
        Require(TrainingShare > 0 && ValidationShare > 0 && TrainingShare + ValidationShare < 1, FormattableString.Invariant($"shares of {TrainingShare} and {ValidationShare}"), "shares above 0 that leave some rows for the test");
        Require(Folds >= 2, FormattableString.Invariant($"{Folds} folds"), "2 or more");
        Require(Lambdas.Count > 0 && Lambdas.All(l => l >= 0 && double.IsFinite(l)), "a penalty that is none", "at least one, each a number of 0 or more");
    }

    private static void Require(bool holds, string found, string expected)
    {
        if (!holds)
        {
            throw new TerminalException($"ridge regression: {found}, expected: {expected}");
        }
    }
}
