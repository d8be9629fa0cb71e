using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Prediction;
using Pipeline.Medallion.Tests.Clustering;

namespace Pipeline.Medallion.Tests.Prediction;

public sealed class RidgeTests
{
    private const double Tolerance = 1e-6;

    [Theory]
    [InlineData("penguins")]
    [InlineData("iris")]
    [InlineData("cars")]
    [InlineData("movies")]
    [InlineData("flights")]
    [InlineData("gapminder")]
    [InlineData("weather")]
    [InlineData("wind")]
    public void Solve_RealSet_HasScikitLearnsCoefficients(string name)
    {
        var table = ReferenceData.Table(name);
        var width = table[0].Length;
        var rows = RegressionRows.Of(
            [.. Enumerable.Range(1, width - 1).Select(i => $"x{i}")], "y", [.. Enumerable.Range(1, width - 1).Select(i => table.Select(r => r[i]).ToArray())], [.. table.Select(r => r[0])]);
        // Parts are added as cross-validation does it.
        var (shifts, middle) = (Moments.Shifts(rows), rows.Count / 3);
        var solver = new RidgeSolver(rows, Moments.Of(rows, 0, middle, shifts) + Moments.Of(rows, middle, rows.Count, shifts));

        foreach (var expected in ReferenceData.Expected.Ridge[name])
        {
            var model = solver.Solve(expected.Lambda);
            Assert.All(expected.Coefficients.Zip(model.Coefficients), c => Assert.True(Math.Abs(c.First - c.Second) <= Tolerance * Math.Max(Math.Abs(c.First), 1e-9), $"{c.Second}, {c.First} expected at {expected.Lambda}"));
            Assert.Equal(expected.Intercept, model.Intercept, Tolerance * Math.Abs(expected.Intercept));
        }
    }

    [Fact]
    public void Train_LinearSeries_FindsItAndBeatsTheBaseline()
    {
        var rows = Linear(400, noise: 0.1);
        var result = RidgeTrainer.Train(rows, new RidgeOptions(), CancellationToken.None);

        Assert.Equal([3, -2, 0], result.Model.Coefficients.Select(c => Math.Round(c, 1)));
        Assert.Equal(10, result.Model.Intercept, 0.1);
        Assert.Equal((280, 60, 60), (result.Training.Model.Rows, result.Validation.Model.Rows, result.Test.Model.Rows));
        Assert.All([result.Training, result.Validation, result.Test], c =>
        {
            Assert.InRange(c.Model.Rmse, 0.05, 0.2);
            Assert.True(c.Model.R2 > 0.99);
            Assert.True(c.Gain > 0.9);
        });
        Assert.Equal(result.CrossValidation.Min(t => t.Rmse), result.CrossValidation.First(t => t.Lambda == result.Model.Lambda).Rmse);
        Assert.Equal(18, result.CrossValidation.Count);
        Assert.Equal(rows.TargetValues[0], result.Model.Predict([rows.Feature(0)[0], rows.Feature(1)[0], rows.Feature(2)[0]]), 0.5);
    }

    [Fact]
    public void Train_NothingToLearn_IsNoBetterThanTheBaseline()
    {
        var random = new SplitMix(5);
        var rows = RegressionRows.Of(["x"], "y", [[.. Enumerable.Range(0, 300).Select(_ => random.NextNormal())]], [.. Enumerable.Range(0, 300).Select(_ => random.NextNormal())]);
        var result = RidgeTrainer.Train(rows, new RidgeOptions(), CancellationToken.None);

        Assert.Equal("mean", result.Test.Baseline.Name);
        Assert.True(result.Test.Gain < 0.02);
    }

    [Fact]
    public void Train_RandomWalk_HasTheLastValueAsBaseline()
    {
        var (random, walk) = (new SplitMix(5), new double[300]);
        for (var i = 1; i < walk.Length; i++)
        {
            walk[i] = walk[i - 1] + random.NextNormal();
        }

        var result = RidgeTrainer.Train(RegressionRows.Of(["x"], "y", [[.. walk.Select(_ => random.NextNormal())]], walk), new RidgeOptions(), CancellationToken.None);
        Assert.Equal("last", result.Test.Baseline.Name);
        Assert.True(result.Test.Gain < 0);
    }

    [Fact]
    public void Solve_ConstantAndRepeatedFeatures_SharesTheWeight()
    {
        double[] x = [1, 2, 3, 4, 5, 6];
        var rows = RegressionRows.Of(["x", "same", "constant"], "y", [x, [.. x.Select(v => 10 * v)], [7, 7, 7, 7, 7, 7]], [.. x.Select(v => (4 * v) + 1)]);
        var model = new RidgeSolver(rows, Moments.Of(rows, 0, 6, Moments.Shifts(rows))).Solve(0);

        Assert.Equal([2, 0.2, 0], model.Coefficients.Select(c => Math.Round(c, 9)));
        Assert.Equal(1, model.Intercept, 1e-9);
    }

    [Fact]
    public void Train_RowsOfOneTime_AreNotDivided()
    {
        // A hundred days of ten rows: shares fall within days.
        var folder = Directory.CreateTempSubdirectory("ridge-").FullName;
        using (var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder }))
        {
            const string Query = "select date '2024-01-01' + (99 - i // 10)::int as day, i % 13 as a, sin(i)::decimal(9,4) as b, 2 * (i % 13) + 1 as y from range(1000) t(i)";
            using var result = session.Query(RegressionRows.Select("day", ["a", "b"], "y", Query));
            var trained = RidgeTrainer.Train(RegressionRows.Read(result, null, CancellationToken.None), new RidgeOptions { TrainingShare = 0.703, ValidationShare = 0.15 }, CancellationToken.None);

            Assert.Equal((710, 150, 140), (trained.Training.Model.Rows, trained.Validation.Model.Rows, trained.Test.Model.Rows));
            Assert.Equal(["a", "b"], trained.Model.Features);
            Assert.Equal(2, trained.Model.Coefficients[0], 1e-6);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("case when i = 3 then null else i end", "'a' is NULL in row 4 of the query, in the order of time")]
    [InlineData("case when i = 3 then 'nan'::double else i end", "'a' is NaN in row 4")]
    public void Read_ValueThatIsNoNumber_SaysWhereItIs(string expression, string found)
    {
        var folder = Directory.CreateTempSubdirectory("ridge-").FullName;
        using (var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder }))
        {
            using var result = session.Query(RegressionRows.Select("day", ["a"], "y", $"select date '2024-01-01' + i::int as day, {expression} as a, i as y from range(10) t(i)"));
            Assert.Contains(found, Assert.Throws<TerminalException>(() => RegressionRows.Read(result, null, CancellationToken.None)).Message, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Train_TooFewRowsOrOddOptions_SaysSo()
    {
        Assert.Contains("4 rows cannot be divided by their time into 6 parts", Error(Linear(4, 0), new RidgeOptions()), StringComparison.Ordinal);
        Assert.Contains("0 rows cannot be divided", Error(Linear(0, 0), new RidgeOptions()), StringComparison.Ordinal);
        Assert.Contains("1 folds, expected: 2 or more", Error(Linear(100, 0), new RidgeOptions { Folds = 1 }), StringComparison.Ordinal);
        Assert.Contains("shares above 0 that leave some rows", Error(Linear(100, 0), new RidgeOptions { TrainingShare = 0.9 }), StringComparison.Ordinal);
        Assert.Contains("each a number of 0 or more", Error(Linear(100, 0), new RidgeOptions { Lambdas = [-1] }), StringComparison.Ordinal);
        Assert.Contains("the target and a feature", Assert.Throws<TerminalException>(() => RegressionRows.Select("t", ["a"], "A", "select 1")).Message, StringComparison.Ordinal);

        static string Error(RegressionRows rows, RidgeOptions options) => Assert.Throws<TerminalException>(() => RidgeTrainer.Train(rows, options, CancellationToken.None)).Message;
    }

    // y = 10 + 3 a - 2 b, and c says nothing.
    private static RegressionRows Linear(int count, double noise)
    {
        var random = new SplitMix(2);
        var features = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, count).Select(_ => random.NextNormal()).ToArray()).ToList();
        return RegressionRows.Of(["a", "b", "c"], "y", features, [.. Enumerable.Range(0, count).Select(i => 10 + (3 * features[0][i]) - (2 * features[1][i]) + (noise * random.NextNormal()))]);
    }
}
