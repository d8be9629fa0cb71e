namespace Pipeline.Lakehouse.Delta;

/// <summary>Which types hold every value of another one. A date is a day and a timestamp an instant: neither holds the other.</summary>
internal static class TypeWidening
{
    /// <summary>For messages.</summary>
    public const string Rules = "byte to short to integer to long, float to double, a decimal to one with as many digits before and after the point or more";

    private static readonly string[] WholeNumbers = ["byte", "short", "integer", "long"];

    /// <summary>Whether a column of one type may become one of another, wider type.</summary>
    public static bool Allows(DeltaType narrow, DeltaType wide)
    {
        if (narrow is not PrimitiveType { Name: var from } || wide is not PrimitiveType { Name: var to } || from == to)
        {
            return false;
        }

        if (DeltaTypes.IsDecimal(narrow, out var precision, out var scale) && DeltaTypes.IsDecimal(wide, out var widePrecision, out var wideScale))
        {
            return wideScale >= scale && widePrecision - wideScale >= precision - scale;
        }

        var rank = Array.IndexOf(WholeNumbers, from);
        return (from, to) is ("float", "double") || (rank >= 0 && Array.IndexOf(WholeNumbers, to) > rank);
    }
}
