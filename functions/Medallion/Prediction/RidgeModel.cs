namespace Pipeline.Medallion.Prediction;

/// <summary>A linear model: intercept + Σ coefficient · feature.</summary>
public sealed record RidgeModel
{
    /// <summary>The features' names, in the order of <see cref="Coefficients"/>.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>What is predicted.</summary>
    public required string Target { get; init; }

    /// <summary>In units of the target for a unit of the feature; 0 for a feature that is constant.</summary>
    public required IReadOnlyList<double> Coefficients { get; init; }

    /// <summary>In units of the target.</summary>
    public required double Intercept { get; init; }

    /// <summary>The weight of the penalty, 0 and more, on squared coefficients of features of variance 1; the intercept is free. scikit-learn's <c>alpha</c> over standardised features.</summary>
    public required double Lambda { get; init; }

    /// <summary>The prediction for one row.</summary>
    /// <param name="features">Values in the order of <see cref="Features"/>.</param>
    public double Predict(ReadOnlySpan<double> features)
    {
        if (features.Length != Coefficients.Count)
        {
            throw new ArgumentException($"{features.Length} values were given, {Coefficients.Count} were expected: one for each feature.", nameof(features));
        }

        var sum = Intercept;
        for (var i = 0; i < features.Length; i++)
        {
            sum += Coefficients[i] * features[i];
        }

        return sum;
    }

    internal double Predict(RegressionRows rows, int row)
    {
        var sum = Intercept;
        for (var i = 0; i < Coefficients.Count; i++)
        {
            sum += Coefficients[i] * rows.Feature(i)[row];
        }

        return sum;
    }
}
