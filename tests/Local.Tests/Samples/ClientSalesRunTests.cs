using System.Globalization;
using System.Text.Json;
using Pipeline.Local.Samples;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Samples;

/// <summary>The shipped pipeline over its data with the real app; what comes out is held against what was planted, and computed a second time without SQL.</summary>
public sealed class ClientSalesRunTests(RealApp app, AzuriteFixture azurite) : IDisposable
{
    private static readonly string[] Statuses = ["completed", "pending", "refunded", "cancelled"];
    private readonly Shell shell = app.NewShell(azurite);

    private sealed record Sale(string Id, string Customer, DateOnly Date, decimal Amount, string Status, string Recorded);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Run_ClientSales_RejectsWhatWasPlantedAndSumsTheRest()
    {
        var (planted, files) = await ClientSalesTests.WriteAsync(new ClientSales());
        var sales = Sales(files.Where(f => f.Name != "customers.csv").SelectMany(f => ClientSalesTests.Lines(f.Content)));

        var first = await RunAsync();

        AssertBooks(first, planted, sales.Count);
        Assert.Equal(RejectedByRule(planted), await QueryAsync("select source, rule, rejected_rows from gold.rejected_by_rule order by source, rule"));
        Assert.Equal(Totals(sales, s => s.Status), await QueryAsync("select status, total, transactions from gold.sales_by_status order by status"));
        Assert.Equal(Totals(sales, s => s.Customer), await QueryAsync("select customer_id, total, transactions from gold.sales_by_customer order by customer_id"));
        Assert.Equal(Totals(sales, s => Text(s.Date)), await QueryAsync("select day, total, transactions from gold.sales_over_time order by day"));
        Assert.Equal(Totals(sales, s => Text(s.Date)[..7] + "-01"), await QueryAsync("select month, total, transactions from gold.sales_by_month order by month"));
        // The two clusters of the amount: each sale in the nearer one, centroids the means of theirs, anomalies further away than any other sale of their cluster.
        Assert.Equal(
            await QueryAsync("select cluster, size, round(amount, 2) from gold.sales_centroids order by cluster"),
            await QueryAsync("select cluster, count(*), round(avg(amount::double), 2) from gold.sales_clusters join silver.sales using (transaction_id) group by cluster order by cluster"));
        // What scikit-learn 1.2.1 finds in the same amounts, standardised: KMeans(n_clusters=2, random_state=42, n_init=10).
        Assert.Equal(["90291,133.755", "209,6831.107"], await QueryAsync("select size, round(amount, 3) from gold.sales_centroids order by size desc"));
        Assert.Equal(
            ["0"],
            await QueryAsync("select count(*) from gold.sales_clusters r join silver.sales s using (transaction_id), gold.sales_centroids c where abs(s.amount - c.amount) < abs(s.amount - (select o.amount from gold.sales_centroids o where o.cluster = r.cluster)) - 0.001"));
        Assert.Equal(
            ["true"],
            await QueryAsync("select bool_and(coalesce(nearest > furthest, true)) and sum(anomalies) > 0 from (select min(distance) filter (where anomaly) as nearest, max(distance) filter (where not anomaly) as furthest, count(*) filter (where anomaly) as anomalies from gold.sales_clusters group by cluster)"));
        var metrics = first.GetProperty("metrics");
        Assert.Equal(
            (sales.Sum(s => s.Amount), sales.Where(s => s.Status == "completed").Sum(s => s.Amount), sales.Count, Math.Round(sales.Sum(s => s.Amount) / sales.Count, 2, MidpointRounding.AwayFromZero)),
            (metrics.GetProperty("total_sales").GetDecimal(), metrics.GetProperty("completed_sales").GetDecimal(), metrics.GetProperty("transaction_count").GetInt32(), metrics.GetProperty("average_sale").GetDecimal()));

        var second = await RunAsync();

        Assert.All(second.GetProperty("steps").EnumerateArray(), step => Assert.Equal("unchanged", step.GetProperty("status").GetString()));
        Assert.Equal(metrics.GetRawText(), second.GetProperty("metrics").GetRawText());

        // A fix for this time: they all become a euro.
        var wrong = planted.Transactions[TransactionDefect.UnparsableAmount];
        var (exitCode, output, error) = await shell.RunAsync("replay", ClientSales.Pipeline, "transactions", "--rule", "amount-type", "--fix", "amount='1'", "--json");
        Assert.True(exitCode == 0, output + error);
        var replayed = JsonDocument.Parse(output).RootElement.GetProperty("steps").EnumerateArray().First(s => s.GetProperty("name").GetString() == "silver.transactions");
        Assert.Equal((wrong, wrong, 0), (replayed.GetProperty("rowsIn").GetInt32(), replayed.GetProperty("rowsOut").GetInt32(), replayed.GetProperty("rowsRejected").GetInt32()));
        Assert.Equal([$"{sales.Count + wrong}"], await QueryAsync("select sum(transactions) from gold.sales_by_status"));
    }

    [Fact]
    public async Task Replay_FixThatIsNone_IsRefused()
    {
        var (exitCode, output, error) = await shell.RunAsync("replay", ClientSales.Pipeline, "transactions", "--fix", "amount");

        Assert.Equal(1, exitCode);
        Assert.Contains("'amount' is not a fix: expected COLUMN=SQL", output + error, StringComparison.Ordinal);
    }

    // Every row that arrived is clean, rejected or replaced by another of its key.
    private static void AssertBooks(JsonElement run, PlantedDefects planted, int sales)
    {
        var steps = run.GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!, s => (In: Rows(s, "rowsIn"), Out: Rows(s, "rowsOut"), Rejected: Rows(s, "rowsRejected")));
        var replaced = planted.Transactions[TransactionDefect.ExactDuplicate] + planted.Transactions[TransactionDefect.ChangedDuplicate];
        var replacedCustomers = planted.Customers[CustomerDefect.ExactDuplicate] + planted.Customers[CustomerDefect.ChangedDuplicate];
        Assert.Equal((100_000, 2_000), (steps["bronze.transactions"].Out, steps["bronze.customers"].Out));
        Assert.Equal(100_000, steps["silver.transactions"].Out + steps["silver.transactions"].Rejected + replaced);
        Assert.Equal(2_000, steps["silver.customers"].Out + steps["silver.customers"].Rejected + replacedCustomers);
        Assert.Equal((sales, sales), (steps["silver.transactions"].Out, steps["silver.sales"].Out));

        static long Rows(JsonElement step, string name) => step.TryGetProperty(name, out var rows) && rows.ValueKind == JsonValueKind.Number ? rows.GetInt64() : 0;
    }

    private static List<string> RejectedByRule(PlantedDefects planted)
    {
        var customers = planted.Customers;
        var transactions = planted.Transactions;
        (string Source, string Rule, int Rows)[] rules =
        [
            ("customers", "customer_id-required", customers[CustomerDefect.MissingId]),
            ("customers", "email-pattern", customers[CustomerDefect.WrongEmail]),
            ("customers", "name-required", customers[CustomerDefect.MissingName]),
            ("customers", "segment-in", customers[CustomerDefect.UnknownSegment]),
            ("customers", "signup_date-type", customers[CustomerDefect.WrongSignupDate]),
            ("transactions", "amount-range", transactions[TransactionDefect.NegativeAmount] + transactions[TransactionDefect.ZeroAmount]),
            ("transactions", "amount-required", transactions[TransactionDefect.MissingAmount]),
            ("transactions", "amount-type", transactions[TransactionDefect.UnparsableAmount]),
            ("transactions", "customer_id-references", transactions[TransactionDefect.UnknownCustomer]),
            ("transactions", "customer_id-required", transactions[TransactionDefect.MissingCustomer]),
            ("transactions", "status-in", transactions[TransactionDefect.UnknownStatus]),
            ("transactions", "status-required", transactions[TransactionDefect.BlankStatus]),
            ("transactions", "transaction_date-not-future", transactions[TransactionDefect.FutureDate]),
            ("transactions", "transaction_date-required", transactions[TransactionDefect.MissingDate]),
            ("transactions", "transaction_date-type", transactions[TransactionDefect.WrongDate]),
            ("transactions", "transaction_id-required", transactions[TransactionDefect.MissingId]),
        ];
        return [.. rules.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Source},{r.Rule},{r.Rows}"))];
    }

    // The same cleaning once more: valid rows, and of each transaction the one that was recorded last.
    private static List<Sale> Sales(IEnumerable<string[]> rows) =>
        [.. rows.Select(Valid).OfType<Sale>().GroupBy(s => s.Id).Select(g => g.MaxBy(s => s.Recorded, StringComparer.Ordinal)!)];

    private static Sale? Valid(string[] row)
    {
        var status = row[4].Trim().ToLowerInvariant();
        return row[0].Length > 0 && row[1].StartsWith('C') && Statuses.Contains(status)
            && DateOnly.TryParseExact(row[2], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year < 2090
            && decimal.TryParse(row[3], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount > 0
            ? new Sale(row[0], row[1], date, amount, status, row[6])
            : null;
    }

    private static List<string> Totals(IEnumerable<Sale> sales, Func<Sale, string> by) => [.. sales.GroupBy(by).OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key},{g.Sum(s => s.Amount):F2},{g.Count()}"))];

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task<JsonElement> RunAsync()
    {
        var (exitCode, output, error) = await shell.RunAsync("run", ClientSales.Pipeline, "--json");
        Assert.True(exitCode == 0, output + error);
        return JsonDocument.Parse(output).RootElement;
    }

    private async Task<List<string>> QueryAsync(string sql)
    {
        var (exitCode, output, error) = await shell.RunAsync("query", sql, "--pipeline", ClientSales.Pipeline, "--csv");
        Assert.True(exitCode == 0, error);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
    }
}
