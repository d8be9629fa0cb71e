using System.Globalization;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>What is known of some values of a group; two of them together are known from both. Numbers are text: decimals stay exact.</summary>
/// <param name="Count">How many values.</param>
/// <param name="Sum">Their sum; null where there is none.</param>
/// <param name="Min">The least.</param>
/// <param name="Max">The greatest.</param>
internal sealed record Tally(long Count, string? Sum, string? Min, string? Max)
{
    public static Tally None { get; } = new(0, null, null, null);

    /// <summary>From four columns of a query's row.</summary>
    public static Tally Of(object?[] row, int first) => new((long)(row[first] ?? 0L), (string?)row[first + 1], (string?)row[first + 2], (string?)row[first + 3]);

    /// <summary>Of the values of both.</summary>
    public Tally With(Tally other) => new(
        Count + other.Count,
        Combine(Sum, other.Sum, static (a, b) => a + b, static (a, b) => a + b),
        Combine(Min, other.Min, Math.Min, Math.Min),
        Combine(Max, other.Max, Math.Max, Math.Max));

    /// <summary>The number that a function makes of the values; null where there are none.</summary>
    public string? Value(AggregateFunction function) => function switch
    {
        AggregateFunction.Count => Count.ToString(CultureInfo.InvariantCulture),
        AggregateFunction.Sum => Sum,
        AggregateFunction.Min => Min,
        AggregateFunction.Max => Max,
        _ => Sum is null || Count == 0 ? null : (double.Parse(Sum, CultureInfo.InvariantCulture) / Count).ToString("R", CultureInfo.InvariantCulture),
    };

    // A decimal has 28 digits; what has more, or is a floating point number, is added as such.
    private static string? Combine(string? one, string? other, Func<decimal, decimal, decimal> exact, Func<double, double, double> rounded)
    {
        if (one is null || other is null)
        {
            return one ?? other;
        }

        if (decimal.TryParse(one, NumberStyles.Number, CultureInfo.InvariantCulture, out var a) && decimal.TryParse(other, NumberStyles.Number, CultureInfo.InvariantCulture, out var b))
        {
            try
            {
                return exact(a, b).ToString(CultureInfo.InvariantCulture);
            }
            catch (OverflowException)
            {
                // Rounded, then.
            }
        }

        return rounded(double.Parse(one, CultureInfo.InvariantCulture), double.Parse(other, CultureInfo.InvariantCulture)).ToString("R", CultureInfo.InvariantCulture);
    }
}
