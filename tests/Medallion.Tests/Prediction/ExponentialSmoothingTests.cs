using Pipeline.Lakehouse;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Prediction;
using Pipeline.Medallion.Tests.Clustering;

namespace Pipeline.Medallion.Tests.Prediction;

/// <summary>Beside the examples of "Forecasting: principles and practice", what R's <c>ets</c> gives for them, and statsmodels.</summary>
public sealed class ExponentialSmoothingTests
{
    private static double[] Oil => ReferenceData.Expected.Smoothing[0].Values;

    private static double[] Air => ReferenceData.Expected.Smoothing[1].Values;

    private static double[] Sheep => ReferenceData.Expected.Smoothing[2].Values;

    private static double[] Tourists => ReferenceData.Expected.Smoothing[3].Values;

    [Theory]
    [InlineData(0.2, 484.802468)]
    [InlineData(0.6, 501.837461)]
    public void Smooth_OilOfSaudiArabia_IsTheBooksForecast(double alpha, double expected)
    {
        var model = ExponentialSmoothing.Smooth(Oil, new SmoothingOptions { Trend = Trend.None }, alpha, 0, 0, 1, new SmoothingState { Level = Oil[0], Trend = 0, Season = [] });

        Assert.All(model.Predict(3), f => Assert.Equal(expected, f.Value, 1e-5));
    }

    [Fact]
    public void Fit_OilOfSaudiArabia_FindsTheBooksWeight()
    {
        var model = ExponentialSmoothing.Fit(Oil, new SmoothingOptions { Trend = Trend.None }, CancellationToken.None);

        Assert.Equal(0.891998, model.Alpha, 1e-4);
        Assert.Equal(447.478440, model.First.Level, 1e-3);
        Assert.Equal(496.493543, model.Predict(1)[0].Value, 1e-3);
    }

    [Fact]
    public void Smooth_PassengersOfAustralia_IsTheBooksHolt()
    {
        var first = new SmoothingState { Level = Air[0], Trend = Air[1] - Air[0], Season = [] };
        var linear = ExponentialSmoothing.Smooth(Air, new SmoothingOptions(), 0.8, 0.2, 0, 1, first);

        Assert.Equal([43.76, 45.59, 47.43, 49.27, 51.10], linear.Predict(5).Select(f => Math.Round(f.Value, 2)));
        Assert.Equal(1.83655482, linear.Last.Trend, 1e-4);
    }

    [Fact]
    public void Smooth_SheepOfAsia_IsRsDampedTrend()
    {
        var first = new SmoothingState { Level = 252.59039965, Trend = 6.90265918, Season = [] };
        var model = ExponentialSmoothing.Smooth(Sheep, new SmoothingOptions { Trend = Trend.Damped }, 0.97402626, 0.00010006, 0, 0.98, first);

        Assert.Equal(195.4397924865488, model.SquaredErrors / Sheep.Length, 1e-3);
        Assert.Equal(414.1814574903921, model.Last.Level, 1e-3);
        double[] expected = [417.7982003051233, 421.3426082635598, 424.8161280628277, 428.2201774661102, 431.5561458813270, 434.8253949282395, 438.0292589942138, 441.1690457788685, 444.2460368278302, 447.2614880558126];
        Assert.All(expected.Zip(model.Predict(10)), p => Assert.Equal(p.First, p.Second.Value, 1e-3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Smooth_EveryForm_IsStatsmodelsResult(int number)
    {
        var expected = ReferenceData.Expected.Smoothing[number];
        var first = new SmoothingState { Level = expected.Level, Trend = expected.Slope, Season = expected.Parts };
        var recursion = new SmoothingRecursion(expected.Options, first);
        Assert.All(expected.Fitted.Zip(expected.Values), v => Assert.Equal(v.First, recursion.Step(v.Second, expected.Alpha, expected.BetaStar, expected.Gamma, expected.Phi), 1e-8));

        var model = ExponentialSmoothing.Smooth(expected.Values, expected.Options, expected.Alpha, expected.BetaStar, expected.Gamma, expected.Phi, first);
        var forecasts = model.Predict(8);
        Assert.All(expected.Forecasts.Zip(forecasts), f => Assert.Equal(f.First, f.Second.Value, 1e-8));
        Assert.All(expected.Factors.Zip(forecasts), f => Assert.Equal(f.First, (f.Second.High - f.Second.Value) / model.Deviation, 1e-6));
        Assert.All(forecasts, f => Assert.True(f.Low < f.Value && f.Value < f.High));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Fit_EveryForm_IsAsNearAsStatsmodels(int number)
    {
        var expected = ReferenceData.Expected.Smoothing[number];
        var model = ExponentialSmoothing.Fit(expected.Values, expected.Options, CancellationToken.None);

        Assert.True(model.SquaredErrors <= expected.BestSquaredErrors * 1.01, $"{model.SquaredErrors}, {expected.BestSquaredErrors} expected");
        var again = ExponentialSmoothing.Smooth(expected.Values, expected.Options, model.Alpha, model.BetaStar, model.Gamma, model.Phi, model.First);
        Assert.Equal(model.SquaredErrors, again.SquaredErrors, model.SquaredErrors * 1e-9);
    }

    [Fact]
    public void Predict_MultiplicativeSeason_SimulatesTheSameForTheSameSeed()
    {
        var options = new SmoothingOptions { Season = Season.Multiplicative, Period = 4 };
        var model = ExponentialSmoothing.Fit(Tourists, options, CancellationToken.None);
        var forecasts = model.Predict(8);

        Assert.Equal(Json.Write(forecasts), Json.Write(model.Predict(8)));
        Assert.NotEqual(Json.Write(forecasts), Json.Write((model with { Options = options with { Seed = 2 } }).Predict(8)));
        // The first interval is that of one normal error.
        Assert.Equal(1.96 * model.Deviation, (forecasts[0].High - forecasts[0].Low) / 2 / forecasts[0].Value, 0.1 * model.Deviation);
        Assert.True(forecasts[7].High - forecasts[7].Low > forecasts[3].High - forecasts[3].Low);
    }

    [Fact]
    public void Run_SeriesOfKnownForm_CoversWhatComesAndBeatsTheBaseline()
    {
        var random = new SplitMix(8);
        double[] values = [.. Enumerable.Range(0, 96).Select(i => 100 + (0.5 * i) + (20 * Math.Sin(i * Math.PI / 3)) + random.NextNormal())];
        var test = BackTest.Run(values, new SmoothingOptions { Season = Season.Additive, Period = 6 }, steps: 6, origins: 4, CancellationToken.None);

        Assert.Equal((4, 6, 24), (test.Origins, test.Steps, test.Comparison.Model.Rows));
        Assert.Equal("season", test.Comparison.Baseline.Name);
        Assert.True(test.Comparison.Gain > 0.4);
        Assert.InRange(test.Covered, 0.75, 1);
    }

    [Fact]
    public void Run_SeriesThatIsShort_AsksWhereItCan()
    {
        Assert.Equal(3, BackTest.Run(Oil, new SmoothingOptions(), steps: 5, origins: 10, CancellationToken.None).Origins);
        Assert.Contains(
            "12 values, expected: at least 13, 5 to fit this form to and 8 to predict",
            Assert.Throws<TerminalException>(() => BackTest.Run(Oil, new SmoothingOptions(), steps: 8, origins: 1, CancellationToken.None)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_ConstantSeries_PredictsIt() =>
        Assert.All(ExponentialSmoothing.Fit([5, 5, 5, 5, 5, 5, 5], new SmoothingOptions(), CancellationToken.None).Predict(3), f => Assert.Equal(5, f.Value, 1e-6));

    [Fact]
    public void Fit_SeriesOrFormThatCannotBe_SaysWhy()
    {
        Assert.Contains("4 values, expected: at least 5", Error([1, 2, 3, 4], new SmoothingOptions()), StringComparison.Ordinal);
        Assert.Contains("value 2 is NaN", Error([1, double.NaN, 3, 4, 5], new SmoothingOptions()), StringComparison.Ordinal);
        Assert.Contains("value 3 is 0, expected: values above 0", Error([1, 2, 0, 4, 1, 2, 3, 4, 5], new SmoothingOptions { Season = Season.Multiplicative, Period = 4 }), StringComparison.Ordinal);
        Assert.Contains("a period of 2 or more", Error([1, 2, 3], new SmoothingOptions { Season = Season.Additive }), StringComparison.Ordinal);
        Assert.Contains("a share between 0 and 1", Error([1, 2, 3], new SmoothingOptions { Coverage = 95 }), StringComparison.Ordinal);

        static string Error(double[] values, SmoothingOptions options) => Assert.Throws<TerminalException>(() => ExponentialSmoothing.Fit(values, options, CancellationToken.None)).Message;
    }
}
