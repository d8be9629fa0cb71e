using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Prediction;

/// <summary>Trains a ridge regression on the past and tests it on what came later, always beside a naive baseline.</summary>
public static class RidgeTrainer
{
    /// <summary>Chooses the penalty by cross-validation in the order of time, checks on the validation rows, learns from them too, and tests on the newest rows.</summary>
    /// <param name="rows">In the order of time.</param>
    /// <param name="options">Shares, folds and penalties.</param>
    /// <param name="cancellationToken">Ends the training between two folds.</param>
    /// <exception cref="TerminalException">An option is out of its range, or there are too few rows.</exception>
    public static RidgeResult Train(RegressionRows rows, RidgeOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(options);
        var (trainingEnd, validationEnd, folds) = RidgeParts.Of(rows, options);
        var shifts = Moments.Shifts(rows);
        var tried = CrossValidate(rows, options, folds, shifts, cancellationToken, out var training);
        var best = tried.MinBy(t => (t.Rmse, -t.Lambda)) ?? throw new InvalidOperationException("No penalty was tried.");
        var checkedModel = new RidgeSolver(rows, training).Solve(best.Lambda);
        var model = new RidgeSolver(rows, training + Moments.Of(rows, trainingEnd, validationEnd, shifts)).Solve(best.Lambda);
        return new RidgeResult
        {
            Model = model,
            CrossValidation = tried,
            Training = Measure(rows, checkedModel, 0, trainingEnd, learntEnd: trainingEnd),
            Validation = Measure(rows, checkedModel, trainingEnd, validationEnd, learntEnd: trainingEnd),
            Test = Measure(rows, model, validationEnd, rows.Count, learntEnd: validationEnd),
        };
    }

    private static List<TriedLambda> CrossValidate(RegressionRows rows, RidgeOptions options, IReadOnlyList<int> folds, double[] shifts, CancellationToken cancellationToken, out Moments learnt)
    {
        var squares = new double[options.Lambdas.Count];
        learnt = Moments.Of(rows, folds[0], folds[1], shifts);
        for (var fold = 1; fold < folds.Count - 1; fold++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var solver = new RidgeSolver(rows, learnt);
            for (var i = 0; i < squares.Length; i++)
            {
                var model = solver.Solve(options.Lambdas[i]);
                for (var row = folds[fold]; row < folds[fold + 1]; row++)
                {
                    var error = rows.TargetValues[row] - model.Predict(rows, row);
                    squares[i] += error * error;
                }
            }

            learnt += Moments.Of(rows, folds[fold], folds[fold + 1], shifts);
        }

        return [.. options.Lambdas.Select((lambda, i) => new TriedLambda(lambda, Math.Sqrt(squares[i] / (folds[^1] - folds[1]))))];
    }

    private static Comparison Measure(RegressionRows rows, RidgeModel model, int first, int end, int learntEnd)
    {
        var actual = rows.TargetValues[first..end];
        var predicted = new double[end - first];
        for (var row = first; row < end; row++)
        {
            predicted[row - first] = model.Predict(rows, row);
        }

        // What needs no model: the mean of what was learnt from, and the value before.
        var mean = 0.0;
        foreach (var value in rows.TargetValues[..learntEnd])
        {
            mean += value / learntEnd;
        }

        var before = new double[end - first];
        for (var row = first; row < end; row++)
        {
            before[row - first] = rows.TargetValues[Math.Max(0, row - 1)];
        }

        return Comparison.Of(ErrorMetrics.Of(actual, predicted), [new("mean", ErrorMetrics.Of(actual, [.. Enumerable.Repeat(mean, actual.Length)])), new("last", ErrorMetrics.Of(actual, before))]);
    }
}

/// <summary>A penalty and how well it predicts.</summary>
/// <param name="Lambda">The penalty.</param>
/// <param name="Rmse">Over the rows of all folds, each predicted from older ones.</param>
public sealed record TriedLambda(double Lambda, double Rmse);

/// <summary>What a naive prediction reaches.</summary>
/// <param name="Name"><c>mean</c>: of what was learnt from; <c>last</c>: the value before; <c>season</c>: the value a season before.</param>
/// <param name="Metrics">How far it is off.</param>
public sealed record Baseline(string Name, ErrorMetrics Metrics);

/// <summary>A model beside the best naive prediction of the same rows.</summary>
public sealed record Comparison
{
    /// <summary>How far the model is off.</summary>
    public required ErrorMetrics Model { get; init; }

    /// <summary>The naive prediction with the least RMSE.</summary>
    public required Baseline Baseline { get; init; }

    /// <summary>By how much of the baseline's RMSE the model's is less; below 0: the baseline is better. Null where the baseline is never off.</summary>
    public double? Gain => Baseline.Metrics.Rmse > 0 ? 1 - (Model.Rmse / Baseline.Metrics.Rmse) : null;

    internal static Comparison Of(ErrorMetrics model, IReadOnlyList<Baseline> baselines) =>
        new() { Model = model, Baseline = baselines.MinBy(b => b.Metrics.Rmse) ?? throw new ArgumentException("There is no baseline.", nameof(baselines)) };
}

/// <summary>A trained regression, and what it is worth.</summary>
public sealed record RidgeResult
{
    /// <summary>Learnt from training and validation rows.</summary>
    public required RidgeModel Model { get; init; }

    /// <summary>By penalty, in the order given.</summary>
    public required IReadOnlyList<TriedLambda> CrossValidation { get; init; }

    /// <summary>On the rows that it was learnt from.</summary>
    public required Comparison Training { get; init; }

    /// <summary>On the rows after them, before they were learnt from.</summary>
    public required Comparison Validation { get; init; }

    /// <summary>On the newest rows, which it never saw: what to expect.</summary>
    public required Comparison Test { get; init; }
}

/// <summary>How rows are divided by their time.</summary>
/// <param name="TrainingEnd">The first row after those that are learnt from first.</param>
/// <param name="ValidationEnd">The first row of those that test.</param>
/// <param name="Folds">Where the parts of the training rows begin, and where the last ends.</param>
internal sealed record RidgeParts(int TrainingEnd, int ValidationEnd, IReadOnlyList<int> Folds)
{
    /// <exception cref="TerminalException">An option is out of its range, or there are too few rows.</exception>
    public static RidgeParts Of(RegressionRows rows, RidgeOptions options)
    {
        options.Check();
        var (trainingEnd, validationEnd) = (rows.Boundary((int)(rows.Count * options.TrainingShare)), rows.Boundary((int)(rows.Count * (options.TrainingShare + options.ValidationShare))));
        var folds = Enumerable.Range(0, options.Folds + 2).Select(i => rows.Boundary((int)((long)trainingEnd * i / (options.Folds + 1)))).ToList();
        return folds.Zip(folds.Skip(1)).Any(f => f.First >= f.Second) || trainingEnd >= validationEnd || validationEnd >= rows.Count
            ? throw new TerminalException(
                $"ridge regression: {rows.Count} rows cannot be divided by their time into {options.Folds + 1} parts to learn from, some to check and some to test: more rows of different times were expected")
            : new RidgeParts(trainingEnd, validationEnd, folds);
    }
}
