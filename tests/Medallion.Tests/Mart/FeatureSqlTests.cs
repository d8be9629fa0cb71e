using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Tests.Mart;

public sealed class FeatureSqlTests : IDisposable
{
    private const string Rows =
        "(select * from (values (1, 2.5::double, 'a', date '2024-03-01'), (2, null, 'a', null), (3, 'nan'::double, 'a', date '2024-03-01'), (4, -1.0, 'a', date '2024-03-01'), (5, 1.0, 'z', date '2024-03-01'), (6, 1.0, null, date '2024-03-01')) t(id, x, kind, day))";

    private readonly DuckDbSession session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = Path.GetTempPath() });

    public void Dispose() => session.Dispose();

    [Theory]
    [InlineData("1 3 4 5 6", FeatureUnknown.Ignore, false, true)]
    [InlineData("1 5 6", FeatureUnknown.Ignore, true, false)]
    [InlineData("1", FeatureUnknown.Error, true, false)]
    public void Sound_RowsThatWouldBeRefused_AreLeftOut(string expected, FeatureUnknown unknown, bool log, bool impute)
    {
        var features = new FeatureColumn[]
        {
            new() { Column = "x", Log = log, Impute = impute ? FeatureImpute.Mean : null },
            new() { Column = "kind", Encode = FeatureEncoding.OneHot, Unknown = unknown },
            new() { Column = "day", Parts = [FeaturePart.Month] },
        };
        var fitted = new FittedFeatures([new FittedColumn { Column = "x", Impute = impute ? 7 : null }, new FittedColumn { Column = "kind", Categories = ["a"] }, new FittedColumn { Column = "day" }], 10);

        var select = Of(features).Sound(fitted);

        Assert.Equal(expected, string.Join(' ', session.Query($"{select} order by id").Rows().Select(r => r[0])));
        Assert.Equal(["id", "x", "kind=a", "day_month"], session.Describe(select).Select(c => c.Name));
    }

    [Fact]
    public void Sound_SameRowsAsBuild_HaveTheSameFeatures()
    {
        FeatureColumn[] features = [new() { Column = "x", Impute = FeatureImpute.Median, Scale = FeatureScale.Robust }, new() { Column = "kind", Encode = FeatureEncoding.Hash, Columns = 2 }];
        var (select, fitted) = Of(features).Build(session, CancellationToken.None);

        Assert.Equal(Read(select), Read(Of(features).Sound(Assert.IsType<FittedFeatures>(fitted))));

        IReadOnlyList<string> Read(string sql) => [.. session.Query($"{sql} order by id").Rows().Select(r => string.Join('|', r))];
    }

    [Fact]
    public void Sound_FittedToOtherFeatures_IsRefused() => Assert.Contains(
        "'fitted' is of other features",
        Assert.Throws<QueryException>(() => Of([new FeatureColumn { Column = "x", Scale = FeatureScale.Standard }]).Sound(new FittedFeatures([new FittedColumn { Column = "x" }], 1))).Message,
        StringComparison.Ordinal);

    private FeatureSql Of(IReadOnlyList<FeatureColumn> features) =>
        new(new FeatureQuery { Pipeline = "", From = "", Key = ["id"], Features = features }, Rows, MartColumns.Of("the rows", session.Describe($"select * from {Rows}")));
}
