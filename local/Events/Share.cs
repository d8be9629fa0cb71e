using System.Globalization;

namespace Pipeline.Local.Events;

/// <summary>A share from 0% to 100%, in steps of a millionth.</summary>
internal readonly record struct Share(int PartsPerMillion)
{
    public const int Whole = 1_000_000;

    /// <summary>Reads <c>0.1%</c> or <c>0.001</c>; null if it is neither, or not from 0% to 100%.</summary>
    public static Share? TryParse(string text)
    {
        var isPercentage = text.EndsWith('%');
        var number = isPercentage ? text[..^1] : text;
        return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= (isPercentage ? 100 : 1)
            ? new Share((int)(value * Whole / (isPercentage ? 100 : 1)))
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PartsPerMillion / 10_000m:0.####}%");
}
