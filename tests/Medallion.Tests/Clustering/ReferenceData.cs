using System.Globalization;
using System.IO.Compression;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Tests.Clustering;

/// <summary>What scikit-learn gave, and the rows that it was given.</summary>
internal static class ReferenceData
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Clustering", "Reference");

    public static Expectations Expected { get; } = ReadExpected();

    /// <summary>Reads a CSV through DuckDB.</summary>
    public static FeatureMatrix Real(string name, FeatureScaling scaling = FeatureScaling.Standard)
    {
        var temporary = Directory.CreateTempSubdirectory("features-").FullName;
        try
        {
            using var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = temporary });
            var csv = $"select * from read_csv({Sql.Literal(Path.Combine(Folder, "data", $"{name}.csv"))})";
            var columns = session.Describe(csv).Select(c => c.Name).ToList();
            using var result = session.Query(FeatureMatrix.Select(columns, csv));
            return FeatureMatrix.Read(result, scaling, CancellationToken.None);
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>The rows of a random set, as make_expected.py makes them.</summary>
    public static float[] Random(int number, out int columns)
    {
        var random = new SplitMix(1000 + (ulong)number);
        var (rows, width, clouds, _) = (50 + random.Next(750), 1 + random.Next(16), 1 + random.Next(10), 2 + random.Next(9));
        var centres = new double[clouds * width];
        for (var i = 0; i < centres.Length; i++)
        {
            centres[i] = (random.NextDouble() * 20) - 10;
        }

        var values = new float[rows * width];
        for (var row = 0; row < rows; row++)
        {
            if (number % 7 == 0 && row > 40 && random.Next(2) == 0)
            {
                values.AsSpan(random.Next(row) * width, width).CopyTo(values.AsSpan(row * width));
                continue;
            }

            var cloud = random.Next(clouds);
            for (var column = 0; column < width; column++)
            {
                var value = centres[(cloud * width) + column] + ((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 4);
                value = number % 5 == 0 ? value + (1000 * (column + 1)) : value;
                values[(row * width) + column] = (float)value;
            }
        }

        columns = width;
        return values;
    }

    /// <summary>The rows of a CSV, row after row.</summary>
    public static IReadOnlyList<double[]> Table(string name) =>
        [.. File.ReadLines(Path.Combine(Folder, "data", $"{name}.csv")).Skip(1).Select(line => line.Split(',').Select(value => double.Parse(value, CultureInfo.InvariantCulture)).ToArray())];

    public static FeatureMatrix Matrix(float[] values, int columns, FeatureScaling scaling = FeatureScaling.None) =>
        FeatureMatrix.Of([.. Enumerable.Range(0, columns).Select(i => $"x{i}")], values, scaling);

    /// <summary>Rows of a matrix as centroids, in the units of the features.</summary>
    public static IReadOnlyList<IReadOnlyList<double>> Rows(FeatureMatrix matrix, IEnumerable<int> rows) =>
        [.. rows.Select(row => matrix.Row(row).Select((value, column) => (value * matrix.Scales[column]) + matrix.Offsets[column]).ToArray())];

    private static Expectations ReadExpected()
    {
        using var file = new GZipStream(File.OpenRead(Path.Combine(Folder, "expected.json.gz")), CompressionMode.Decompress);
        using var text = new StreamReader(file);
        return Json.Read<Expectations>(text.ReadToEnd());
    }
}

internal sealed record Expectations
{
    public required IReadOnlyList<ExpectedClusters> Random { get; init; }

    public required IReadOnlyDictionary<string, ExpectedClusters> Real { get; init; }

    public required IReadOnlyDictionary<string, IReadOnlyList<ExpectedRidge>> Ridge { get; init; }

    public required IReadOnlyList<ExpectedSmoothing> Smoothing { get; init; }
}

internal sealed record ExpectedClusters
{
    public required int K { get; init; }

    public required IReadOnlyList<int> First { get; init; }

    public required byte[] Labels { get; init; }

    public required double Inertia { get; init; }

    public required int Iterations { get; init; }

    public required double Silhouette { get; init; }
}

internal sealed record ExpectedRidge
{
    public required double Lambda { get; init; }

    public required IReadOnlyList<double> Coefficients { get; init; }

    public required double Intercept { get; init; }
}

internal sealed record ExpectedSmoothing
{
    public required double[] Values { get; init; }

    public required Trend Trend { get; init; }

    public required Season Season { get; init; }

    public required double Alpha { get; init; }

    public required double BetaStar { get; init; }

    public required double Gamma { get; init; }

    public required double Phi { get; init; }

    public required double Level { get; init; }

    public required double Slope { get; init; }

    public required double[] Parts { get; init; }

    public required double[] Fitted { get; init; }

    public required double[] Forecasts { get; init; }

    /// <summary>Half of each prediction interval over the deviation.</summary>
    public required double[] Factors { get; init; }

    public required double BestSquaredErrors { get; init; }

    public SmoothingOptions Options => new() { Trend = Trend, Season = Season, Period = Math.Max(1, Parts.Length) };
}
