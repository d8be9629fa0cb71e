using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pipeline.Local;

/// <summary>A query's rows for a program.</summary>
internal static class QueryOutput
{
    private static readonly char[] Special = [',', '"', '\n', '\r'];

    /// <summary>An array with one object per row; values are as the app sent them. Of columns with the same name, each keeps its place.</summary>
    public static void WriteJson(QueryResult result, TextWriter output)
    {
        output.Write('[');
        for (var row = 0; row < result.Rows.Count; row++)
        {
            output.Write(row == 0 ? "\n  {" : ",\n  {");
            output.Write(string.Join(", ", result.Rows[row].Select((value, column) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(result.Columns[column].Name)}\": {value.GetRawText()}")));
            output.Write('}');
        }

        output.WriteLine(result.Rows.Count == 0 ? "]" : "\n]");
    }

    /// <summary>CSV as in RFC 4180; NULL is an empty field, an empty text is "".</summary>
    public static void WriteCsv(QueryResult result, TextWriter output)
    {
        output.WriteLine(string.Join(',', result.Columns.Select(column => Field(column.Name))));
        foreach (var row in result.Rows)
        {
            output.WriteLine(string.Join(',', row.Select(value => value.ValueKind == JsonValueKind.Null ? "" : Field(Grid.Text(value)))));
        }
    }

    private static string Field(string text) =>
        text.Length == 0 || text.IndexOfAny(Special) >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
