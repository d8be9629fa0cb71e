using System.Globalization;
using System.Text;

namespace Pipeline.Faults.Cases;

/// <summary>What lands for the small pipeline: orders as CSV with dirty rows and repeated keys, customers as NDJSON. The same size gives the same bytes.</summary>
public static class Landing
{
    public const string Pipeline = "small";

    private static readonly string[] Countries = ["France", "Germany", "Japan", "Mexico", "USA"];

    /// <summary>The pipeline's definition.</summary>
    public static IReadOnlyDictionary<string, string> Definition()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "pipelines");
        return Directory.EnumerateFiles(Path.Combine(folder, Pipeline), "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(folder, f).Replace('\\', '/'), File.ReadAllText);
    }

    /// <summary>Two files of orders and one of customers.</summary>
    /// <param name="rows">Rows of each file of orders.</param>
    public static IReadOnlyDictionary<string, string> First(int rows) => new Dictionary<string, string>
    {
        ["small/orders-1.csv"] = Orders(1, rows, round: 1),
        ["small/orders-2.csv"] = Orders(2, rows, round: 1),
        ["small/customers.ndjson"] = Customers(rows),
    };

    /// <summary>What lands later: one file of orders with new content, and one more that updates orders of both.</summary>
    public static IReadOnlyDictionary<string, string> Changed(int rows) => new Dictionary<string, string>
    {
        ["small/orders-1.csv"] = Orders(1, rows - (rows / 4), round: 2),
        ["small/orders-3.csv"] = Orders(1, rows / 2, round: 3) + Orders(3, rows, round: 1)[(Header.Length + 1)..],
    };

    private const string Header = "Id,Customer,Ordered,Amount";

    private static string Orders(int file, int rows, int round)
    {
        var text = new StringBuilder(Header).Append('\n');
        for (var row = 1; row <= rows; row++)
        {
            var id = (file * 10_000_000) + row;
            var day = new DateOnly(2024, 1, 1).AddDays(row % 300 + round);
            var customer = id % (rows / 2);
            var line = (row % 20) switch
            {
                3 => $"{id},C{customer},not a day,10.50",
                7 => $"{id},,{day:yyyy-MM-dd},11.00",
                11 => $"{id},C{customer},{day:yyyy-MM-dd},-1",
                13 => $"{id},C{customer},{day:yyyy-MM-dd},12.00,one too many",
                17 => $"{id},C{customer},{day:yyyy-MM-dd},{row * round}.25\n{id},C{customer},{day.AddDays(1):yyyy-MM-dd},{row * round}.75",
                _ => $"{id},C{customer},{day:yyyy-MM-dd},{row * round}.10",
            };
            text.Append(CultureInfo.InvariantCulture, $"{line}\n");
        }

        return text.ToString();
    }

    private static string Customers(int rows)
    {
        var text = new StringBuilder();
        for (var customer = 0; customer < rows / 2; customer++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{{\"id\": \"C{customer}\", \"country\": \"{Countries[customer % Countries.Length]}\"}}\n");
        }

        return text.Append("{\"id\": \"C0\", \"country\": \"Brazil\"}\n{\"id\": \"C1\"}\n").ToString();
    }
}
