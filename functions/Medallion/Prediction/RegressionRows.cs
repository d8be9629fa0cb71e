using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Prediction;

/// <summary>Rows that a regression learns from, in the order of their time: features and target in 64-bit floats, in memory as a whole (eight bytes a value).</summary>
public sealed class RegressionRows
{
    private readonly double[][] features;
    private readonly double[] target;
    private readonly long[] times;

    private RegressionRows(IReadOnlyList<string> names, string targetName, double[][] features, double[] target, long[] times)
    {
        (Features, Target) = (names, targetName);
        (this.features, this.target, this.times) = (features, target, times);
    }

    /// <summary>The features' names, in the order of <see cref="Feature"/>.</summary>
    public IReadOnlyList<string> Features { get; }

    /// <summary>The name of what is predicted.</summary>
    public string Target { get; }

    /// <summary>How many there are.</summary>
    public int Count => target.Length;

    /// <summary>A SELECT that gives what <see cref="Read"/> reads.</summary>
    /// <param name="time">A column of type DATE or TIMESTAMP: rows are ordered by it, and never learnt from before their time.</param>
    /// <param name="features">Names of numeric columns, at least one.</param>
    /// <param name="target">The numeric column that is predicted.</param>
    /// <param name="query">A SELECT that has them.</param>
    public static string Select(string time, IReadOnlyCollection<string> features, string target, string query)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Count == 0)
        {
            throw new TerminalException("there are no features: name at least one numeric column");
        }

        if (features.Contains(target, StringComparer.OrdinalIgnoreCase))
        {
            throw new TerminalException($"'{target}' is the target and a feature: leave it out of the features");
        }

        // Rows of one time are brought into an order of their own, so that a repeat reads them in the same.
        var columns = features.Append(target).Select(c => $"{Sql.Identifier(c)}::double as {Sql.Identifier(c)}");
        return $"select epoch_us({Sql.Identifier(time)}::timestamp) as \" time\", {string.Join(", ", columns)} from ({query}\n) order by all";
    }

    /// <summary>Reads rows.</summary>
    /// <param name="result">BIGINT times in ascending order, features, target; see <see cref="Select"/>.</param>
    /// <param name="targetName">What the target is called; null: as its column is.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="TerminalException">A value is NULL, NaN or infinite: the message says which, in which row.</exception>
    public static RegressionRows Read(DuckDbResult result, string? targetName, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        IReadOnlyList<string> names = [.. result.Columns.Skip(1).SkipLast(1).Select(c => c.Name), targetName ?? result.Columns[^1].Name];
        var times = new List<long>();
        var columns = names.Select(_ => new List<double>()).ToArray();
        while (result.NextChunk() is { } chunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Require(chunk[0], "time", times.Count, isTime: true);
            for (var column = 0; column < columns.Length; column++)
            {
                Require(chunk[column + 1], names[column], times.Count, isTime: false);
                columns[column].AddRange(chunk[column + 1].Values<double>());
            }

            times.AddRange(chunk[0].Values<long>());
        }

        return new RegressionRows([.. names.SkipLast(1)], names[^1], [.. columns.SkipLast(1).Select(c => c.ToArray())], [.. columns[^1]], [.. times]);
    }

    /// <summary>Rows that are in memory already, in the order of their time.</summary>
    /// <param name="names">The features' names.</param>
    /// <param name="targetName">The target's name.</param>
    /// <param name="features">By feature, a value for each row.</param>
    /// <param name="target">A value for each row.</param>
    public static RegressionRows Of(IReadOnlyList<string> names, string targetName, IReadOnlyList<double[]> features, double[] target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new RegressionRows(names, targetName, [.. features], target, [.. Enumerable.Range(0, target.Length).Select(i => (long)i)]);
    }

    /// <summary>The time of a row.</summary>
    internal DateTime Time(int row) => DateTime.UnixEpoch.AddMicroseconds(times[row]);

    internal ReadOnlySpan<double> Feature(int feature) => features[feature];

    internal ReadOnlySpan<double> TargetValues => target;

    /// <summary>The first row at or after a place whose time is another than that of the row before: rows of one time are never divided.</summary>
    internal int Boundary(int row)
    {
        while (row > 0 && row < Count && times[row] == times[row - 1])
        {
            row++;
        }

        return row;
    }

    private static void Require(DuckDbVector vector, string name, int rowsBefore, bool isTime)
    {
        for (var row = 0; row < vector.Count; row++)
        {
            var found = vector.IsNull(row) ? "NULL"
                : isTime || double.IsFinite(vector.Values<double>()[row]) ? null
                : vector.Values<double>()[row].ToString(CultureInfo.InvariantCulture);
            if (found is not null)
            {
                throw new TerminalException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{name}' is {found} in row {rowsBefore + row + 1L} of the query, in the order of time, and a finite number was expected: leave such rows out with WHERE, or give them a value with coalesce"));
            }
        }
    }
}
