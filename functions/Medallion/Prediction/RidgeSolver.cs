using MathNet.Numerics.LinearAlgebra;

namespace Pipeline.Medallion.Prediction;

/// <summary>Solves the ridge regression over some rows for any penalty, by one eigendecomposition of its normal equations.</summary>
/// <remarks>Hoerl and Kennard, "Ridge regression" (Technometrics 12, 1970). Where features depend on each other and nothing penalises it, the solution of least norm is taken.</remarks>
internal sealed class RidgeSolver
{
    // Below this share of the greatest eigenvalue a direction is one that the features do not have.
    private const double Nothing = 1e-12;

    private readonly RegressionRows rows;
    private readonly double[] means;
    private readonly double[] deviations;
    private readonly Vector<double> eigenvalues;
    private readonly Matrix<double> directions;
    private readonly Vector<double> projected;

    public RidgeSolver(RegressionRows rows, Moments moments)
    {
        this.rows = rows;
        var (features, target) = (moments.Columns - 1, moments.Columns - 1);
        means = [.. Enumerable.Range(0, moments.Columns).Select(moments.Mean)];
        deviations = [.. Enumerable.Range(0, features).Select(f => Math.Sqrt(Math.Max(0, moments.Product(f, f)) / moments.Rows))];
        for (var feature = 0; feature < features; feature++)
        {
            // What rounding leaves of a constant.
            deviations[feature] = deviations[feature] <= 1e-14 * Math.Abs(means[feature]) ? 0 : deviations[feature];
        }

        var gram = Matrix<double>.Build.Dense(features, features, (i, j) => deviations[i] > 0 && deviations[j] > 0 ? moments.Product(i, j) / (deviations[i] * deviations[j]) : 0);
        var products = Vector<double>.Build.Dense(features, f => deviations[f] > 0 ? moments.Product(f, target) / deviations[f] : 0);
        var decomposed = gram.Evd(Symmetricity.Symmetric);
        eigenvalues = decomposed.EigenValues.Map(v => v.Real);
        directions = decomposed.EigenVectors;
        projected = directions.TransposeThisAndMultiply(products);
    }

    public RidgeModel Solve(double lambda)
    {
        var least = Nothing * Math.Max(lambda, eigenvalues.AbsoluteMaximum());
        var weights = directions * projected.MapIndexed((i, value) => eigenvalues[i] + lambda > least ? value / (eigenvalues[i] + lambda) : 0);
        var coefficients = deviations.Select((d, i) => d > 0 ? weights[i] / d : 0).ToArray();
        return new RidgeModel
        {
            Features = rows.Features,
            Target = rows.Target,
            Coefficients = coefficients,
            Intercept = means[^1] - coefficients.Select((c, i) => c * means[i]).Sum(),
            Lambda = lambda,
        };
    }
}
