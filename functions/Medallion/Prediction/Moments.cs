using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Pipeline.Medallion.Prediction;

/// <summary>What a ridge regression needs to know of some rows: their number, sums and sums of products of features and target (the last column). Parts add up.</summary>
internal sealed class Moments
{
    private const int RowsAtOnce = 4096;

    private readonly double[] shifts;
    private readonly Vector<double> sums;
    private readonly Matrix<double> products;

    private Moments(double[] shifts, double rows, Vector<double> sums, Matrix<double> products) => (this.shifts, Rows, this.sums, this.products) = (shifts, rows, sums, products);

    public double Rows { get; }

    /// <summary>Features and target.</summary>
    public int Columns => shifts.Length;

    /// <summary>Of the rows from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="first">The first.</param>
    /// <param name="end">The one after the last.</param>
    /// <param name="shifts">What is subtracted from each column, so that large numbers which differ little keep their digits: the same for parts that are added.</param>
    public static Moments Of(RegressionRows rows, int first, int end, double[] shifts)
    {
        var (sums, products) = (Vector<double>.Build.Dense(shifts.Length), Matrix<double>.Build.Dense(shifts.Length, shifts.Length));
        for (var from = first; from < end; from += RowsAtOnce)
        {
            var part = new DenseMatrix(Math.Min(RowsAtOnce, end - from), shifts.Length);
            for (var column = 0; column < shifts.Length; column++)
            {
                var values = column < rows.Features.Count ? rows.Feature(column) : rows.TargetValues;
                for (var row = 0; row < part.RowCount; row++)
                {
                    part[row, column] = values[from + row] - shifts[column];
                }
            }

            sums += part.ColumnSums();
            products += part.TransposeThisAndMultiply(part);
        }

        return new Moments(shifts, end - first, sums, products);
    }

    /// <summary>By column, the mean of all rows: shifts for all their parts.</summary>
    public static double[] Shifts(RegressionRows rows) =>
        [.. Enumerable.Range(0, rows.Features.Count).Select(f => MathNet.Numerics.Statistics.ArrayStatistics.Mean(rows.Feature(f).ToArray())), MathNet.Numerics.Statistics.ArrayStatistics.Mean(rows.TargetValues.ToArray())];

    public static Moments operator +(Moments one, Moments other) => new(one.shifts, one.Rows + other.Rows, one.sums + other.sums, one.products + other.products);

    public double Mean(int column) => shifts[column] + (sums[column] / Rows);

    /// <summary>The sum of the products of two columns' deviations from their means.</summary>
    public double Product(int one, int other) => products[one, other] - (sums[one] * sums[other] / Rows);
}
