using System.Security.Cryptography;
using Pipeline.Local.Samples;

namespace Pipeline.Local.Tests.Samples;

public sealed class ClientSalesTests
{
    // Of all files with their names, as made on Linux: other machines make the same.
    private const string Expected = "91f7f862f7da668aba10a1f067625cda38ad08478572882f10d729eac076177d";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_ByDefault_GivesTheSameBytesEverywhere()
    {
        var (_, files) = await WriteAsync(new ClientSales());

        Assert.Equal(Expected, Hash(files));
    }

    [Fact]
    public async Task Write_AnotherSeed_GivesOtherRowsWithAsManyDefects()
    {
        var (planted, files) = await WriteAsync(new ClientSales { Transactions = 1_000, Customers = 200 });
        var (again, same) = await WriteAsync(new ClientSales { Transactions = 1_000, Customers = 200 });
        var (other, others) = await WriteAsync(new ClientSales { Transactions = 1_000, Customers = 200, Seed = 43 });

        Assert.Equal(Hash(files), Hash(same));
        Assert.NotEqual(Hash(files), Hash(others));
        Assert.Equal(planted.Transactions, again.Transactions);
        Assert.Equal(planted.Transactions, other.Transactions);
        Assert.Equal(planted.Customers, other.Customers);
    }

    [Fact]
    public async Task Write_Counts_AreTheRowsOfTheFiles()
    {
        var (planted, files) = await WriteAsync(new ClientSales());
        var transactions = files.Where(f => f.Name.StartsWith("transactions-20", StringComparison.Ordinal)).ToList();

        Assert.Equal(TransactionRows.Months, transactions.Count);
        Assert.Equal((100_000, 2_000), (planted.Transactions.Values.Sum(), planted.Customers.Values.Sum()));
        Assert.Equal(100_000, transactions.Sum(f => Lines(f.Content).Count));
        Assert.Equal(2_000, Lines(files.Single(f => f.Name == "customers.csv").Content).Count);
        Assert.All(Enum.GetValues<TransactionDefect>(), defect => Assert.True(planted.Transactions[defect] >= 200, $"{defect}"));
        Assert.All(Enum.GetValues<CustomerDefect>(), defect => Assert.True(planted.Customers[defect] >= 10, $"{defect}"));

        // What can be told from a line alone.
        var rows = transactions.SelectMany(f => Lines(f.Content)).ToList();
        Assert.Equal(planted.Transactions[TransactionDefect.MissingId], rows.Count(r => r[0].Length == 0));
        Assert.Equal(planted.Transactions[TransactionDefect.MissingCustomer], rows.Count(r => r[1].Length == 0));
        Assert.Equal(planted.Transactions[TransactionDefect.UnknownCustomer], rows.Count(r => r[1].StartsWith('X')));
        Assert.Equal(planted.Transactions[TransactionDefect.FutureDate], rows.Count(r => r[2].StartsWith("209", StringComparison.Ordinal)));
        Assert.Equal(planted.Transactions[TransactionDefect.BlankStatus], rows.Count(r => r[4].Trim().Length == 0));
        Assert.Equal(planted.Transactions[TransactionDefect.ExactDuplicate], rows.GroupBy(r => string.Join(',', r)).Sum(g => g.Count() - 1));
        Assert.Equal(
            planted.Transactions[TransactionDefect.ChangedDuplicate] + planted.Transactions[TransactionDefect.ExactDuplicate], rows.Where(r => r[0].Length > 0).GroupBy(r => r[0]).Sum(g => g.Count() - 1));
    }

    /// <summary>The rows of a file, without its header; the one quoted amount has the only comma within a value.</summary>
    internal static IReadOnlyList<string[]> Lines(string content) =>
        [.. content.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Replace("\"12,50\"", "12.50?", StringComparison.Ordinal).Split(','))];

    internal static async Task<(PlantedDefects Planted, IReadOnlyList<(string Name, string Content)> Files)> WriteAsync(ClientSales sample)
    {
        var folder = Places.NewFolder();
        var planted = await sample.WriteAsync(folder, Cancelled);
        var files = Directory.GetFiles(Path.Combine(folder, ClientSales.Pipeline)).Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), File.ReadAllText(f))).ToList();
        Directory.Delete(folder, recursive: true);
        return (planted, files);
    }

    private static string Hash(IEnumerable<(string Name, string Content)> files) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Concat(files.Select(f => $"{f.Name}\n{f.Content}")))));
}
