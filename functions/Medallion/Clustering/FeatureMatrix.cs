using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Clustering;

/// <summary>Rows of numbers that are clustered: 32-bit floats, four bytes a value, in memory as a whole. Read once, then shared by any number of trainings.</summary>
/// <remarks>A block is 32 rows; in it a column's 32 values lie side by side. Values are <c>(x - offset) / scale</c> of their column: centred, so that large numbers
/// which differ little keep their digits, and scaled where that was asked for. Places after the last row are zero.</remarks>
public sealed class FeatureMatrix
{
    internal const int BlockRows = 32;

    private readonly Segment[] segments;
    private readonly int segmentShift;

    internal FeatureMatrix(IReadOnlyList<string> names, int rows, Segment[] segments, int segmentShift, double[] offsets, double[] scales, double[] variances)
    {
        (Names, Rows, Offsets, Scales, Variances) = (names, rows, offsets, scales, variances);
        (this.segments, this.segmentShift) = (segments, segmentShift);
    }

    /// <summary>The columns, in their order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>0 and more.</summary>
    public int Rows { get; }

    /// <summary>Values of a row; at least 1.</summary>
    public int Columns => Names.Count;

    /// <summary>By column, its mean, which is subtracted.</summary>
    public IReadOnlyList<double> Offsets { get; }

    /// <summary>By column, what its values are divided by; 1 where they are not scaled.</summary>
    public IReadOnlyList<double> Scales { get; }

    /// <summary>By column, the variance of the values as they are clustered (of the population: divided by the number of rows).</summary>
    public IReadOnlyList<double> Variances { get; }

    internal int Blocks => (Rows + BlockRows - 1) / BlockRows;

    /// <summary>Reads all rows of a query whose columns are all features.</summary>
    /// <param name="result">Its columns are FLOAT or DOUBLE; see <see cref="Select"/>.</param>
    /// <param name="scaling">Whether columns are brought to one scale.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="TerminalException">A column has another type, or a value is NULL, NaN, infinite or too large: the message says which, in which row.</exception>
    public static FeatureMatrix Read(DuckDbResult result, FeatureScaling scaling, CancellationToken cancellationToken) => Read(result, FeatureReader.For(result), scaling, null, cancellationToken);

    /// <summary>Reads rows that a model is to be applied to, on the scale of the model and around its centre: a row comes to the same whatever other rows are read with it.</summary>
    /// <inheritdoc cref="Read(DuckDbResult, FeatureScaling, CancellationToken)"/>
    public static FeatureMatrix Read(DuckDbResult result, KMeansModel model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        var reader = FeatureReader.For(result, model.Features.Count == result.Columns.Count ? Centre(model) : null);
        return reader.Names.SequenceEqual(model.Features, StringComparer.Ordinal)
            ? Read(result, reader, FeatureScaling.None, model.Scales, cancellationToken)
            : throw new TerminalException(
                $"the query gives {string.Join(", ", reader.Names)}, and the model knows {string.Join(", ", model.Features)}: select the model's features, in their order");
    }

    /// <summary>By feature, the mean of the rows that a model was trained on.</summary>
    internal static IReadOnlyList<double> Centre(KMeansModel model)
    {
        var rows = model.Sizes.Sum(size => (double)size);
        return [.. Enumerable.Range(0, model.Features.Count).Select(column => rows > 0
            ? model.Centroids.Zip(model.Sizes, (centroid, size) => centroid[column] * (size / rows)).Sum()
            : model.Centroids.Average(centroid => centroid[column]))];
    }

    /// <summary>By feature, how far from the centre a value may lie that <see cref="Read(DuckDbResult, KMeansModel, CancellationToken)"/> takes.</summary>
    internal static IReadOnlyList<double> Reach(KMeansModel model)
    {
        // A little less, for a value is scaled after it was cut to 32 bits.
        var limit = 0.999 * FeatureReader.Limit(model.Features.Count);
        return [.. model.Scales.Select(scale => limit * Math.Min(1, scale))];
    }

    /// <summary>A SELECT that gives columns as features of a query: cast to DOUBLE, in the order given.</summary>
    /// <param name="columns">Names of numeric columns, at least one.</param>
    /// <param name="query">A SELECT that has them.</param>
    public static string Select(IReadOnlyCollection<string> columns, string query)
    {
        ArgumentNullException.ThrowIfNull(columns);
        return columns.Count > 0
            ? $"select {string.Join(", ", columns.Select(c => $"{Sql.Identifier(c)}::double as {Sql.Identifier(c)}"))} from ({query}\n)"
            : throw new TerminalException("there are no features: name at least one numeric column");
    }

    /// <summary>Rows that are in memory already.</summary>
    /// <param name="names">The columns.</param>
    /// <param name="values">Row after row.</param>
    /// <param name="scaling">Whether columns are brought to one scale.</param>
    /// <exception cref="TerminalException">A value is NaN, infinite or too large.</exception>
    public static FeatureMatrix Of(IReadOnlyList<string> names, ReadOnlySpan<float> values, FeatureScaling scaling = FeatureScaling.None)
    {
        ArgumentNullException.ThrowIfNull(names);
        var reader = new FeatureReader(names, []);
        reader.Append(values);
        return reader.Finish(scaling, null);
    }

    internal ref float Block(int block)
    {
        ref readonly var segment = ref segments[block >> segmentShift];
        var inside = block & ((1 << segmentShift) - 1);
        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(segment.Values), segment.Start + (inside * BlockRows * Columns));
    }

    /// <summary>Rows of a block that are there.</summary>
    internal int RowsOf(int block) => Math.Min(BlockRows, Rows - (block * BlockRows));

    /// <summary>One value, as it is clustered.</summary>
    internal float Value(int row, int column) => Unsafe.Add(ref Block(row / BlockRows), (column * BlockRows) + (row % BlockRows));

    internal double[] Row(int row)
    {
        var values = new double[Columns];
        for (var column = 0; column < values.Length; column++)
        {
            values[column] = Value(row, column);
        }

        return values;
    }

    private static FeatureMatrix Read(DuckDbResult result, FeatureReader reader, FeatureScaling scaling, IReadOnlyList<double>? scales, CancellationToken cancellationToken)
    {
        while (result.NextChunk() is { } chunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            reader.Append(chunk);
        }

        return reader.Finish(scaling, scales);
    }

    /// <summary>Some blocks: an array that stays where it is, from its first place whose address 64 divides.</summary>
    internal readonly record struct Segment(float[] Values, int Start)
    {
        private const int Alignment = 64;

        public static Segment Allocate(int floats)
        {
            var values = GC.AllocateUninitializedArray<float>(floats + (Alignment / sizeof(float)) - 1, pinned: true);
            var address = (long)Marshal.UnsafeAddrOfPinnedArrayElement(values, 0);
            return new Segment(values, (int)((Alignment - (address % Alignment)) % Alignment / sizeof(float)));
        }

        public Span<float> All => Values.AsSpan(Start, Values.Length - (Alignment / sizeof(float)) + 1);
    }
}
