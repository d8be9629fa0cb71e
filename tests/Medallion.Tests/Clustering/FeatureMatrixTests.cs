using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion.Tests.Clustering;

public sealed class FeatureMatrixTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("features-").FullName;
    private readonly DuckDbSession session;

    public FeatureMatrixTests() => session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder });

    public void Dispose()
    {
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Read_ChunksOfAnyLength_HasEveryValueInItsPlace()
    {
        // A filter leaves chunks of odd lengths, a union joins them.
        var matrix = Read("select i::double as a, (-2 * i)::float as b from range(20000) t(i) where i % 7 <> 3 union all select i, i from range(20000, 20005) t(i)");

        Assert.Equal(["a", "b"], matrix.Names);
        var expected = Enumerable.Range(0, 20000).Where(i => i % 7 != 3).Select(i => (A: i, B: -2 * i)).Concat(Enumerable.Range(20000, 5).Select(i => (A: i, B: i))).ToList();
        Assert.Equal(expected.Count, matrix.Rows);
        Assert.All(Enumerable.Range(0, matrix.Rows), row => Assert.Equal(
            (expected[row].A, expected[row].B), (Math.Round(matrix.Value(row, 0) + matrix.Offsets[0]), Math.Round(matrix.Value(row, 1) + matrix.Offsets[1]))));
        Assert.Equal(expected.Average(e => (double)e.A), matrix.Offsets[0], 1e-2);
    }

    [Fact]
    public void Read_LargeNumbersThatDifferLittle_KeepTheirDigits()
    {
        var matrix = Read("select 1e12 + i / 8.0::double as a from range(1000) t(i)");

        Assert.Equal(0.125, matrix.Value(1, 0) - matrix.Value(0, 0), 1e-5);
        Assert.Equal(1e12 + 62.4375, matrix.Offsets[0], 1e-3);
    }

    [Fact]
    public void Read_Standard_HasVarianceOne()
    {
        var matrix = Read("select i::double as a, 1e6 * i as b, 3.0::double as c from (select unnest([1, 2, 3, 4, 10])::double as i)", FeatureScaling.Standard);

        Assert.Equal([1, 1, 0], matrix.Variances.Select(v => Math.Round(v, 6)));
        Assert.Equal(1, matrix.Scales[2]);
        Assert.Equal(matrix.Scales[0] * 1e6, matrix.Scales[1], 1);
    }

    [Theory]
    [InlineData("case when i = 2500 then 'NaN'::double else i end", "NaN in row 2501")]
    [InlineData("case when i = 2500 then '-inf'::double else i end", "-Infinity in row 2501")]
    [InlineData("case when i = 2500 then 1e300::double else i end", "1E+300, which is too far from the others for 32-bit floats in row 2501")]
    [InlineData("case when i = 2500 then null else i end::double", "NULL in row 2501")]
    public void Read_ValueThatIsNoNumber_SaysWhereItIs(string expression, string found)
    {
        var error = Assert.Throws<TerminalException>(() => Read($"select 1::double as fine, {expression} as odd from range(3000) t(i)"));
        Assert.Contains($"the feature 'odd' is {found} of the query, and a finite number was expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FirstValueIsNoNumber_SaysSo() =>
        Assert.Contains("is NaN in row 1", Assert.Throws<TerminalException>(() => Read("select 'NaN'::double as a from range(3)")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_OtherType_AsksForACast() =>
        Assert.Contains("the feature 'a' is DECIMAL(2,1), and DOUBLE or FLOAT was expected: cast it, such as \"a\"::double", Assert.Throws<TerminalException>(() => Read("select 1.5 as a")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ForAModel_HasItsScaleAndItsFeatures()
    {
        var trained = new KMeansTrainer().Train(Read("select i::double as a, i * 100.0::double as b from range(100) t(i)", FeatureScaling.Standard), new KMeansOptions { K = 2 }, CancellationToken.None).Model;
        using (var result = session.Query("select 3::double as a, 300::double as b"))
        {
            var one = FeatureMatrix.Read(result, trained, CancellationToken.None);
            Assert.Equal(trained.Scales, one.Scales);
            Assert.Single(KMeansTrainer.Apply(one, trained, 1, CancellationToken.None).Labels.ToArray());
        }

        using var other = session.Query("select 3::double as b, 300::double as a");
        Assert.Contains("the query gives b, a, and the model knows a, b", Assert.Throws<TerminalException>(() => FeatureMatrix.Read(other, trained, CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ForAModelOfAnotherScale_SaysWhichRowIsTooFar()
    {
        var trained = new KMeansTrainer().Train(Read("select i * 1e-12::double as a from range(100) t(i)", FeatureScaling.Standard), new KMeansOptions { K = 2 }, CancellationToken.None).Model;
        using var result = session.Query("select unnest([0, 1, 1e15])::double as a");

        Assert.Contains("of its scale, which is too far from the others for 32-bit floats in row", Assert.Throws<TerminalException>(() => FeatureMatrix.Read(result, trained, CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    // Else a row would have another distance in each batch.
    [Fact]
    public void Read_ForAModel_GivesARowTheSameDistanceWhateverIsReadWithIt()
    {
        var trained = new KMeansTrainer().Train(Read("select 1e6 + (i * 0.37 % 11)::double as a, i % 7::double as b from range(300) t(i)"), new KMeansOptions { K = 3 }, CancellationToken.None).Model;

        var alone = DistanceOf("select 1000003.21::double as a, 2.7::double as b");

        Assert.Equal(alone, DistanceOf("select 1000003.21::double as a, 2.7::double as b union all select i * 12345.678, 1e5 from range(50) t(i)"));

        float DistanceOf(string sql)
        {
            using var result = session.Query(sql);
            var matrix = FeatureMatrix.Read(result, trained, CancellationToken.None);
            return KMeansTrainer.DistancesOf(matrix, KMeansTrainer.Apply(matrix, trained, 1, CancellationToken.None), 1, CancellationToken.None)[0];
        }
    }

    [Fact]
    public void Reach_ValueWithin_IsReadAndOneBeyondIsNot()
    {
        var trained = new KMeansTrainer().Train(Read("select i * 1e-3::double as a, 5 + i % 3::double as b from range(100) t(i)", FeatureScaling.Standard), new KMeansOptions { K = 2 }, CancellationToken.None).Model;
        var (centre, reach) = (FeatureMatrix.Centre(trained)[0], FeatureMatrix.Reach(trained)[0]);

        foreach (var (factor, isRead) in new[] { (1.0, true), (-1.0, true), (1.01, false) })
        {
            using var result = session.Query(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"select {centre + (factor * reach):R}::double as a, 5::double as b"));
            var error = Record.Exception(() => FeatureMatrix.Read(result, trained, CancellationToken.None));
            Assert.Equal(isRead, error is null);
        }
    }

    [Fact]
    public void Select_OtherNumbers_AreCast() => Assert.Equal(3, Read(FeatureMatrix.Select(["n", "odd name"], "select i as n, i::decimal(9,2) as \"odd name\" from range(3) t(i)")).Rows);

    private FeatureMatrix Read(string sql, FeatureScaling scaling = FeatureScaling.None)
    {
        using var result = session.Query(sql);
        return FeatureMatrix.Read(result, scaling, CancellationToken.None);
    }
}
