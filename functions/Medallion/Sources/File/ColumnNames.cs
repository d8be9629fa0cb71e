using System.Text;
using Pipeline.Medallion.Bronze;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Names of raw columns as tables can hold them.</summary>
internal static class ColumnNames
{
    /// <summary>Replaces the characters that Delta tables refuse in names (space and any of ,;{}()\n\t=) by '_', and makes names differ regardless of case, from each other and from the technical columns.</summary>
    public static IReadOnlyList<string> ForTable(IEnumerable<string> names)
    {
        var taken = BronzeColumns.Reserved.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var result = new List<string>();
        foreach (var name in names)
        {
            var clean = ForTable(name);
            var unique = clean;
            for (var n = 2; !taken.Add(unique); n++)
            {
                unique = $"{clean}_{n}";
            }

            result.Add(unique);
        }

        return result;
    }

    /// <summary>A single name as tables can hold it.</summary>
    public static string ForTable(string name)
    {
        var clean = string.Concat(name.Trim().Select(c => char.IsControl(c) || " ,;{}()=".Contains(c, StringComparison.Ordinal) ? '_' : c));
        return clean.Length == 0 ? "_" : clean;
    }

    /// <summary>A name for silver: <c>OrderID</c> and <c>order id</c> become <c>order_id</c>.</summary>
    public static string ForSilver(string name)
    {
        var result = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            var starts = char.IsUpper(c) && i > 0 && (char.IsLower(name[i - 1]) || char.IsDigit(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1]) && char.IsUpper(name[i - 1])));
            if (starts)
            {
                result.Append('_');
            }

            result.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_');
        }

        var text = result.ToString().Trim('_');
        while (text.Contains("__", StringComparison.Ordinal))
        {
            text = text.Replace("__", "_", StringComparison.Ordinal);
        }

        return text.Length == 0 ? "column" : char.IsAsciiDigit(text[0]) ? $"c{text}" : text;
    }
}
