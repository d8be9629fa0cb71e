using System.Globalization;
using System.Numerics;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Clustering;

/// <summary>Fills a <see cref="FeatureMatrix"/>, a column of a chunk at a time.</summary>
/// <param name="names">The columns.</param>
/// <param name="doubles">By column, whether it is DOUBLE and not FLOAT.</param>
/// <param name="centre">By column, what is subtracted; null: the mean of the rows.</param>
internal sealed class FeatureReader(IReadOnlyList<string> names, IReadOnlyList<bool> doubles, IReadOnlyList<double>? centre = null)
{
    private const int BlockRows = FeatureMatrix.BlockRows;
    private const int SegmentFloats = 1 << 18;

    // Squares of a row's distances are summed in 32 bits, which end at 3.4e38.
    private const double LargestSquareSum = 1e37;
    private const string TooFar = "which is too far from the others for 32-bit floats";

    private readonly List<FeatureMatrix.Segment> segments = [];
    private readonly int segmentShift = BitOperations.Log2((uint)Math.Max(1, SegmentFloats / (BlockRows * names.Count)));
    private readonly double[] shifts = centre?.ToArray() ?? new double[names.Count];
    private readonly double limit = Limit(names.Count);
    private int rows;

    public IReadOnlyList<string> Names => names;

    /// <param name="result">Its columns are FLOAT or DOUBLE.</param>
    /// <param name="centre">By column, what is subtracted; null: the mean of the rows.</param>
    public static FeatureReader For(DuckDbResult result, IReadOnlyList<double>? centre = null)
    {
        if (result.Columns.FirstOrDefault(c => c.Type is not ("DOUBLE" or "FLOAT")) is { } other)
        {
            throw new TerminalException($"the feature '{other.Name}' is {other.Type}, and DOUBLE or FLOAT was expected: cast it, such as {Sql.Identifier(other.Name)}::double");
        }

        return new FeatureReader([.. result.Columns.Select(c => c.Name)], [.. result.Columns.Select(c => c.Type == "DOUBLE")], centre);
    }

    /// <summary>The greatest value, as it is clustered, that 32 bits can work with.</summary>
    public static double Limit(int columns) => Math.Sqrt(LargestSquareSum / Math.Max(1, columns));

    public void Append(DuckDbChunk chunk)
    {
        Reserve(chunk.Rows);
        for (var column = 0; column < names.Count; column++)
        {
            var vector = chunk[column];
            if (vector.HasNulls)
            {
                RequireNoNull(vector, column);
            }

            if (doubles[column])
            {
                Append(vector.Values<double>(), column);
            }
            else
            {
                Append(vector.Values<float>(), column);
            }
        }

        rows = checked(rows + chunk.Rows);
    }

    /// <summary>Takes rows that lie one after the other.</summary>
    public void Append(ReadOnlySpan<float> values)
    {
        var (count, rest) = Math.DivRem(values.Length, names.Count);
        if (rest != 0)
        {
            throw new ArgumentException($"{values.Length} values are no whole number of rows of {names.Count}.", nameof(values));
        }

        Reserve(count);
        var column = new float[count];
        for (var i = 0; i < names.Count; i++)
        {
            for (var row = 0; row < count; row++)
            {
                column[row] = values[(row * names.Count) + i];
            }

            Append<float>(column, i);
        }

        rows = checked(rows + count);
    }

    /// <summary>Centres and scales what was read.</summary>
    /// <param name="scaling">The scale, unless there are <paramref name="given"/> ones.</param>
    /// <param name="given">By column, what to divide by.</param>
    public FeatureMatrix Finish(FeatureScaling scaling, IReadOnlyList<double>? given)
    {
        var (means, squares) = (new double[names.Count], new double[names.Count]);
        ForEachColumnOfBlocks((_, column, values) =>
        {
            foreach (var value in values)
            {
                means[column] += value;
            }
        });
        for (var column = 0; column < means.Length && rows > 0; column++)
        {
            means[column] = centre is null ? means[column] / rows : 0;
        }

        ForEachColumnOfBlocks((_, column, values) =>
        {
            var (mean, sum) = (means[column], 0.0);
            foreach (ref var value in values)
            {
                var centred = value - mean;
                value = (float)centred;
                sum += centred * centred;
            }

            squares[column] += sum;
        });
        var variances = squares.Select(s => rows > 0 ? s / rows : 0).ToArray();
        var scales = given?.ToArray() ?? [.. variances.Select(v => scaling == FeatureScaling.Standard && v > 0 ? Math.Sqrt(v) : 1)];
        if (scales.Any(s => s != 1))
        {
            ForEachColumnOfBlocks((firstRow, column, values) =>
            {
                var scale = scales[column];
                for (var i = 0; i < values.Length; i++)
                {
                    var scaled = values[i] / scale;
                    if (Math.Abs(scaled) > limit)
                    {
                        throw Refuse(column, firstRow + i, string.Create(CultureInfo.InvariantCulture, $"{scaled} of its scale, {TooFar}"));
                    }

                    values[i] = (float)scaled;
                }
            });
            variances = [.. variances.Select((v, i) => v / (scales[i] * scales[i]))];
        }

        return new FeatureMatrix(names, rows, [.. segments], segmentShift, [.. shifts.Select((s, i) => s + means[i])], scales, variances);
    }

    private delegate void Visit(int firstRow, int column, Span<float> values);

    private void ForEachColumnOfBlocks(Visit visit)
    {
        for (var first = 0; first < rows; first += BlockRows)
        {
            for (var column = 0; column < names.Count; column++)
            {
                visit(first, column, Place(first, column, Math.Min(BlockRows, rows - first)));
            }
        }
    }

    private Span<float> Place(int row, int column, int count)
    {
        var block = row / BlockRows;
        var inside = block & ((1 << segmentShift) - 1);
        return segments[block >> segmentShift].All.Slice((((inside * names.Count) + column) * BlockRows) + (row % BlockRows), count);
    }

    private void Reserve(int count)
    {
        var needed = (((long)rows + count + BlockRows - 1) / BlockRows) + ((1 << segmentShift) - 1) >> segmentShift;
        while (segments.Count < needed)
        {
            var segment = FeatureMatrix.Segment.Allocate((1 << segmentShift) * BlockRows * names.Count);
            segment.All.Clear();
            segments.Add(segment);
        }
    }

    private void Append<T>(ReadOnlySpan<T> values, int column)
        where T : unmanaged, INumber<T>
    {
        if (rows == 0 && values.Length > 0 && centre is null)
        {
            // The first value stands in for the mean, which is known at the end: digits that all values share are gone before they are cut to 32 bits.
            shifts[column] = double.CreateChecked(values[0]);
            shifts[column] = double.IsFinite(shifts[column]) ? shifts[column] : 0;
        }

        var shift = shifts[column];
        for (var done = 0; done < values.Length;)
        {
            var from = values[done..];
            var to = Place(rows + done, column, Math.Min(from.Length, BlockRows - ((rows + done) % BlockRows)));
            var fits = true;
            for (var i = 0; i < to.Length; i++)
            {
                var value = double.CreateTruncating(from[i]) - shift;
                fits &= Math.Abs(value) <= limit;
                to[i] = (float)value;
            }

            if (!fits)
            {
                throw Unfit(from[..to.Length], column, rows + done, shift);
            }

            done += to.Length;
        }
    }

    private TerminalException Unfit<T>(ReadOnlySpan<T> values, int column, int firstRow, double shift)
        where T : unmanaged, INumber<T>
    {
        var i = 0;
        while (Math.Abs(double.CreateTruncating(values[i]) - shift) <= limit)
        {
            i++;
        }

        return Refuse(column, firstRow + i, T.IsFinite(values[i])
            ? string.Create(CultureInfo.InvariantCulture, $"{values[i]}, {TooFar}")
            : string.Create(CultureInfo.InvariantCulture, $"{values[i]}"));
    }

    private void RequireNoNull(DuckDbVector vector, int column)
    {
        for (var row = 0; row < vector.Count; row++)
        {
            if (vector.IsNull(row))
            {
                throw Refuse(column, rows + row, "NULL");
            }
        }
    }

    private TerminalException Refuse(int column, int row, string found) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"the feature '{names[column]}' is {found} in row {row + 1L} of the query, and a finite number was expected: leave such rows out with WHERE, or give them a value with coalesce"));
}
