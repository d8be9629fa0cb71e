using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Pipeline.Local;

/// <summary>Rows under headings: a table in a terminal, aligned columns in a pipe.</summary>
internal sealed record Grid(IReadOnlyList<Grid.Column> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public sealed record Column(string Name, bool IsNumber = false);

    public static Grid Of(QueryResult result) => new(
        [.. result.Columns.Select((column, index) => new Column(column.Name, result.Rows.Any(row => row[index].ValueKind == JsonValueKind.Number)))],
        [.. result.Rows.Select(row => (IReadOnlyList<string>)[.. row.Select(Text)])]);

    /// <summary>A value for people's eyes; numbers as the app sent them.</summary>
    public static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        JsonValueKind.String => value.GetString() ?? "",
        _ => value.GetRawText(),
    };

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");

    /// <summary>A metric's value, with thousands set apart.</summary>
    public static string Metric(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number.ToString("#,0.####", CultureInfo.InvariantCulture) : Text(value);

    public void Write(Screen screen)
    {
        if (screen.IsTerminal)
        {
            screen.People.Write(ToTable());
            return;
        }

        var widths = Columns.Select((column, index) => Rows.Select(row => row[index].Length).Append(column.Name.Length).Max()).ToList();
        screen.Line(Aligned([.. Columns.Select(column => column.Name)], widths));
        foreach (var row in Rows)
        {
            screen.Line(Aligned(row, widths));
        }
    }

    /// <summary>As a table of a terminal.</summary>
    public Table ToTable()
    {
        var table = new Table().Border(TableBorder.Rounded).BorderStyle(new Style(Color.Grey));
        foreach (var column in Columns)
        {
            table.AddColumn(new TableColumn(new Text(column.Name, new Style(decoration: Decoration.Bold))) { Alignment = column.IsNumber ? Justify.Right : Justify.Left });
        }

        foreach (var row in Rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        return table;
    }

    private string Aligned(IReadOnlyList<string> cells, List<int> widths) =>
        string.Join("  ", cells.Select((cell, index) => Columns[index].IsNumber ? cell.PadLeft(widths[index]) : cell.PadRight(widths[index]))).TrimEnd();
}
