using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Runs;

/// <summary>The shipped pipeline over the real company; every figure is computed a second time from the JSON, without SQL.</summary>
public sealed class NorthwindTests(MedallionFixture medallion)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private sealed record Line(long Order, string Customer, string Country, string Category, DateOnly Date, decimal Total);

    private sealed record Rfm(string Customer, long Recency, long Frequency, decimal Monetary, int R, int F, int M, string Segment, bool Vip);

    [Fact]
    public async Task Run_Northwind_GivesTheFiguresOfTheCompany()
    {
        var folder = Directory.CreateTempSubdirectory("northwind-").FullName;
        using (var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(Azurite.NpmFolder, "northwind.mjs"), folder]) { RedirectStandardOutput = true }) ?? throw new InvalidOperationException())
        {
            await node.StandardOutput.ReadToEndAsync(Cancelled);
            await node.WaitForExitAsync(Cancelled);
        }

        var pipeline = new TestPipeline(medallion.Floor, "northwind");
        foreach (var file in Directory.GetFiles(folder))
        {
            await pipeline.Lake.UploadAsync(file, new LakePath("landing", $"northwind/{Path.GetFileName(file)}"), overwrite: true, Cancelled);
        }

        var lines = Lines(folder);
        Directory.Delete(folder, recursive: true);

        var report = await pipeline.SucceedAsync();

        Assert.Equal([91, 830, 2155, 77, 8, 29, 3], new[] { "customers", "orders", "order_details", "products", "categories", "suppliers", "shippers" }.Select(s => report[$"silver.{s}"].RowsOut));
        Assert.All(report.Steps, s => Assert.Equal(0, s.RowsRejected));
        Assert.Equal(1265793.0395m, lines.Sum(l => l.Total));
        Assert.Equal((1265793.0395m, 830m, 1525.05m, 89m), (report.Run.Metrics["total_revenue"], report.Run.Metrics["order_count"], report.Run.Metrics["average_order_value"], report.Run.Metrics["customer_count"]));
        Assert.Equal(Totals(lines, l => l.Country), await pipeline.QueryAsync("select country, revenue, orders from gold.revenue_by_country order by country"));
        Assert.Equal(Totals(lines, l => l.Category), await pipeline.QueryAsync("select category_name, revenue, orders from gold.revenue_by_category order by 1"));
        Assert.Equal(Totals(lines, l => l.Customer), await pipeline.QueryAsync("select customer_id, revenue, orders from gold.revenue_by_customer order by 1"));
        Assert.Equal(Totals(lines, l => l.Date.ToString("yyyy-MM-01", CultureInfo.InvariantCulture)), await pipeline.QueryAsync("select month, revenue, orders from gold.revenue_by_month order by 1"));
        Assert.Equal(["1|USA|245584.6105", "2|Germany|230284.6335", "3|Austria|128003.8385"], await pipeline.QueryAsync("select rank, country, revenue from gold.top_countries order by rank"));
        Assert.Equal(
            Scores(lines).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Customer}|{s.Recency}|{s.Frequency}|{s.Monetary:F4}|{s.R}|{s.F}|{s.M}|{s.Segment}|{(s.Vip ? "true" : "false")}")),
            await pipeline.QueryAsync("select customer_id, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score, segment, vip from gold.customer_rfm order by customer_id"));

        Assert.All((await pipeline.SucceedAsync()).Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
    }

    private static IEnumerable<string> Totals(IEnumerable<Line> lines, Func<Line, string> by) => lines.GroupBy(by).OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key}|{g.Sum(l => l.Total):F4}|{g.Select(l => l.Order).Distinct().Count()}"));

    private static IReadOnlyList<Line> Lines(string folder)
    {
        var orders = Read("orders").ToDictionary(o => o.GetProperty("Id").GetInt64());
        var customers = Read("customers").ToDictionary(c => c.GetProperty("Id").GetString() ?? "", c => c.GetProperty("Country").GetString() ?? "");
        var categories = Read("categories").ToDictionary(c => c.GetProperty("Id").GetInt64(), c => c.GetProperty("CategoryName").GetString() ?? "");
        var products = Read("products").ToDictionary(p => p.GetProperty("Id").GetInt64(), p => categories[p.GetProperty("CategoryId").GetInt64()]);
        return [.. Read("order_details").Select(d =>
        {
            var order = orders[d.GetProperty("OrderId").GetInt64()];
            var customer = order.GetProperty("CustomerId").GetString() ?? "";
            return new Line(
                d.GetProperty("OrderId").GetInt64(),
                customer,
                customers[customer],
                products[d.GetProperty("ProductId").GetInt64()],
                DateOnly.ParseExact(order.GetProperty("OrderDate").GetString() ?? "", "yyyy-MM-dd", CultureInfo.InvariantCulture),
                d.GetProperty("UnitPrice").GetDecimal() * d.GetProperty("Quantity").GetDecimal() * (1 - d.GetProperty("Discount").GetDecimal()));
        })];

        IEnumerable<JsonElement> Read(string name) => JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(folder, $"{name}.json"))).RootElement.EnumerateArray();
    }

    private static IEnumerable<Rfm> Scores(IReadOnlyList<Line> lines)
    {
        var last = lines.Max(l => l.Date);
        var customers = lines.GroupBy(l => l.Customer)
            .Select(g => (Id: g.Key, Latest: g.Max(l => l.Date), Frequency: (long)g.Select(l => l.Order).Distinct().Count(), Monetary: g.Sum(l => l.Total))).ToList();
        var recency = Fifths(customers.OrderByDescending(c => c.Latest).ThenBy(c => c.Id, StringComparer.Ordinal).Select(c => c.Id));
        var frequency = Fifths(customers.OrderBy(c => c.Frequency).ThenBy(c => c.Id, StringComparer.Ordinal).Select(c => c.Id));
        var monetary = Fifths(customers.OrderBy(c => c.Monetary).ThenBy(c => c.Id, StringComparer.Ordinal).Select(c => c.Id));
        foreach (var c in customers.OrderBy(c => c.Id, StringComparer.Ordinal))
        {
            var (r, f, m) = (6 - recency[c.Id], frequency[c.Id], monetary[c.Id]);
            var segment = (r, f, m) switch
            {
                ( >= 4, >= 4, >= 4) => "Champions",
                (_, >= 4, _) => "Loyal customers",
                ( >= 4, <= 2, _) => "New or occasional",
                ( <= 2, _, >= 4) => "Big spenders at risk",
                ( <= 2, <= 2, _) => "Hibernating",
                _ => "Potential",
            };
            yield return new Rfm(c.Id, last.DayNumber - c.Latest.DayNumber, c.Frequency, c.Monetary, r, f, m, segment, r >= 4 && f >= 4 && m == 5);
        }
    }

    // As SQL's ntile(5): the first groups are larger by one where the number does not divide.
    private static Dictionary<string, int> Fifths(IEnumerable<string> ordered)
    {
        var ids = ordered.ToList();
        var (size, larger) = Math.DivRem(ids.Count, 5);
        return ids.Select((id, place) => (id, group: place < larger * (size + 1) ? place / (size + 1) : larger + ((place - (larger * (size + 1))) / size))).ToDictionary(p => p.id, p => p.group + 1);
    }
}
