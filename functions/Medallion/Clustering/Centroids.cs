using System.Runtime.InteropServices;

namespace Pipeline.Medallion.Clustering;

/// <summary>Centroids as a matrix has them: exact, and as the nearest of them are looked for.</summary>
/// <remarks>The nearest centroid c of a row x has the greatest score x·c − ½‖c‖², which saves a subtraction for each value. Tiles of eight centroids, then at most one of four, then single ones:
/// in a tile the values of one column lie side by side.</remarks>
internal sealed class Centroids
{
    public const int Tile = 8;
    public const int HalfTile = 4;

    /// <summary>Of a line of the processor's cache, 64 bytes.</summary>
    public const int LineFloats = 16;

    private readonly float[] tiles;
    private readonly float[] biases;

    public Centroids(int k, int columns)
    {
        (K, Columns) = (k, columns);
        LinesPerTile = FeatureMatrix.BlockRows * columns / LineFloats * Tile / k;
        Exact = new double[k * columns];
        tiles = new float[k * columns];
        biases = new float[k];
    }

    public int K { get; }

    public int Columns { get; }

    /// <summary>Lines of the next block that are fetched while a tile is worked on.</summary>
    public int LinesPerTile { get; }

    /// <summary>Centroid after centroid. <see cref="Prepare"/> is called after a change.</summary>
    public double[] Exact { get; }

    public ref float Tiles => ref MemoryMarshal.GetArrayDataReference(tiles);

    public ref float Biases => ref MemoryMarshal.GetArrayDataReference(biases);

    public Span<double> this[int cluster] => Exact.AsSpan(cluster * Columns, Columns);

    public static Centroids Of(FeatureMatrix matrix, IReadOnlyList<IReadOnlyList<double>> units)
    {
        var centroids = new Centroids(units.Count, matrix.Columns);
        for (var i = 0; i < centroids.Exact.Length; i++)
        {
            var (cluster, column) = Math.DivRem(i, matrix.Columns);
            centroids.Exact[i] = (units[cluster][column] - matrix.Offsets[column]) / matrix.Scales[column];
        }

        centroids.Prepare();
        return centroids;
    }

    /// <summary>In the units of the features.</summary>
    public IReadOnlyList<IReadOnlyList<double>> InUnits(FeatureMatrix matrix)
    {
        var units = new double[K][];
        for (var cluster = 0; cluster < K; cluster++)
        {
            units[cluster] = new double[Columns];
            for (var column = 0; column < Columns; column++)
            {
                units[cluster][column] = (this[cluster][column] * matrix.Scales[column]) + matrix.Offsets[column];
            }
        }

        return units;
    }

    /// <summary>Makes the tiles what <see cref="Exact"/> is.</summary>
    public void Prepare()
    {
        for (var cluster = 0; cluster < K; cluster++)
        {
            var width = WidthAt(cluster);
            var first = cluster / width * width;
            var square = 0.0;
            for (var column = 0; column < Columns; column++)
            {
                var value = (float)Exact[(cluster * Columns) + column];
                square += (double)value * value;
                tiles[(first * Columns) + (column * width) + (cluster - first)] = value;
            }

            biases[cluster] = (float)(-0.5 * square);
        }
    }

    private int WidthAt(int cluster)
    {
        var whole = K / Tile * Tile;
        return cluster < whole ? Tile : cluster < whole + HalfTile && K - whole >= HalfTile ? HalfTile : 1;
    }
}
