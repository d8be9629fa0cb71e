using System.Globalization;
using System.Text;

namespace Pipeline.Local.Samples;

/// <summary>Makes the data of the sample client-sales: customers, and the transactions of two years, with everything wrong that such files have. The bytes depend on the numbers only.</summary>
internal sealed record ClientSales
{
    public const string Pipeline = "client-sales";

    /// <summary>Rows of customers.csv.</summary>
    public int Customers { get; init; } = 2_000;

    /// <summary>Rows of all files of transactions.</summary>
    public int Transactions { get; init; } = 100_000;

    public ulong Seed { get; init; } = 42;

    /// <summary>Writes the files to `client-sales/` below the folder: customers.csv, and transactions-YYYY-MM.csv for each month.</summary>
    public async Task<PlantedDefects> WriteAsync(string landingFolder, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(landingFolder, Pipeline);
        Directory.CreateDirectory(folder);
        var random = new SplitMix(Seed);
        var customers = new CustomerRows(random, Customers);
        await WriteAsync(Path.Combine(folder, "customers.csv"), CustomerRows.Header, customers.Lines, cancellationToken);

        var transactions = new TransactionRows(random, Transactions, customers.Good);
        for (var month = 0; month < TransactionRows.Months; month++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"transactions-{TransactionRows.First.AddMonths(month):yyyy-MM}.csv");
            await WriteAsync(Path.Combine(folder, name), TransactionRows.Header, transactions.Lines[month], cancellationToken);
        }

        return new PlantedDefects { Customers = Count(customers.Defects), Transactions = Count(transactions.Defects) };
    }

    private static async Task WriteAsync(string file, string header, IEnumerable<string> lines, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(file, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        await writer.WriteLineAsync(header);
        foreach (var line in lines)
        {
            await writer.WriteLineAsync(line.AsMemory(), cancellationToken);
        }
    }

    /// <summary>Which rows have which defect: so many of ten thousand each, in random order.</summary>
    internal static List<T> Deal<T>(SplitMix random, int rows, IReadOnlyDictionary<T, int> perTenThousand)
        where T : struct, Enum
    {
        var defects = perTenThousand.SelectMany(share => Enumerable.Repeat(share.Key, (int)((long)rows * share.Value / 10_000))).ToList();
        defects.AddRange(Enumerable.Repeat(default(T), rows - defects.Count));
        random.Shuffle(defects);
        return defects;
    }

    private static Dictionary<T, int> Count<T>(IEnumerable<T> defects)
        where T : struct, Enum => Enum.GetValues<T>().ToDictionary(defect => defect, defect => defects.Count(d => d.Equals(defect)));
}
