using System.Text;
using System.Text.Json;
using Pipeline.Local.Events;

namespace Pipeline.Local.Tests.Events;

public sealed class SalesEventsTests
{
    private static readonly SalesCatalog Catalog = new([new("ALFKI", "Germany"), new("BONAP", "France"), new("ÉTOIL", "Québec")], [new(1, 18m), new(2, 19.5m)]);
    private static readonly EventsRequest Request = new() { Pipeline = "northwind", Count = 0, Rate = 0, Seed = 7 };

    [Fact]
    public void Next_SameSeed_GivesTheSameBytes()
    {
        var request = Request with { Duplicates = new(10_000), Poison = new(10_000), Late = new(10_000) };

        Assert.Equal(Take(request, 5000).Select(Text), Take(request, 5000).Select(Text));
        Assert.NotEqual(Take(request, 5000).Select(Text), Take(request with { Seed = 8 }, 5000).Select(Text));
    }

    [Fact]
    public void Next_First_IsASaleOfTheCatalogue()
    {
        using var first = JsonDocument.Parse(Take(Request with { Poison = new(Share.Whole) }, 1)[0].Body);

        var sale = first.RootElement;
        Assert.Equal(["event_id", "customer_id", "country", "product_id", "quantity", "unit_price", "discount", "sold_at"], sale.EnumerateObject().Select(p => p.Name));
        Assert.Equal("s7-000000000", sale.GetProperty("event_id").GetString());
        Assert.Contains(new(sale.GetProperty("customer_id").GetString()!, sale.GetProperty("country").GetString()!), Catalog.Customers);
        Assert.Contains(new(sale.GetProperty("product_id").GetInt64(), sale.GetProperty("unit_price").GetDecimal()), Catalog.Products);
        Assert.InRange(sale.GetProperty("quantity").GetInt32(), 1, 1000);
        Assert.Equal("2026-01-02T03:04:05Z", sale.GetProperty("sold_at").GetString());
    }

    [Fact]
    public void Next_Shares_AreKeptWithinALittle()
    {
        var events = Take(Request with { Duplicates = new(10_000), Poison = new(20_000), Late = new(50_000) }, 50_000);
        var sales = events.Where(e => e is { Poison: null, IsDuplicate: false }).ToList();

        Assert.InRange(events.Count(e => e.IsDuplicate), 400, 600);
        Assert.InRange(events.Count(e => e.Poison is not null), 850, 1150);
        Assert.InRange(sales.Count(e => Read(e).GetProperty("sold_at").GetDateTime() < new DateTime(2026, 1, 2, 3, 4, 1, DateTimeKind.Utc)), 2150, 2650);
        Assert.Equal(sales.Select((_, number) => Request.SaleId(number)), sales.Select(e => Read(e).GetProperty("event_id").GetString()));
    }

    [Fact]
    public void Next_OtherShares_GiveTheSameSales()
    {
        var dirty = Take(Request with { Duplicates = new(100_000), Poison = new(100_000) }, 2000).Where(e => e is { Poison: null, IsDuplicate: false }).Select(Text).ToList();

        Assert.Equal(Take(Request, dirty.Count).Select(Text), dirty);
    }

    [Fact]
    public void Next_Duplicate_RepeatsAnEarlierSaleByteByByte()
    {
        var seen = new HashSet<string>();
        foreach (var next in Take(Request with { Duplicates = new(100_000), Poison = new(100_000) }, 5000))
        {
            Assert.Equal(next.IsDuplicate, !seen.Add($"{next.Key} {Text(next)}") && next.Poison is null);
        }
    }

    [Fact]
    public void Next_Poison_HasAllKindsAndEachIsWrong()
    {
        var poison = Take(Request with { Poison = new(500_000) }, 5000).Where(e => e.Poison is not null).GroupBy(e => e.Poison).ToDictionary(g => g.Key!.Value, g => g.ToList());

        Assert.Equal(Enum.GetValues<PoisonKind>(), poison.Keys.Order());
        Assert.All(poison[PoisonKind.CutJson].Concat(poison[PoisonKind.NotJson]), e => Assert.ThrowsAny<JsonException>(() => Read(e)));
        Assert.All(poison[PoisonKind.Array], e => Assert.Equal(JsonValueKind.Array, Read(e).ValueKind));
        Assert.All(poison[PoisonKind.InvalidUtf8], e => Assert.Throws<DecoderFallbackException>(() => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(e.Body)));
        Assert.All(poison[PoisonKind.UnknownCustomer], e => Assert.DoesNotContain(Catalog.Customers, c => c.Id == Read(e).GetProperty("customer_id").GetString()));
        Assert.All(poison[PoisonKind.NegativeQuantity], e => Assert.True(Read(e).GetProperty("quantity").GetInt32() < 0));
        Assert.All(poison[PoisonKind.NoEventId], e => Assert.False(Read(e).TryGetProperty("event_id", out _)));
        Assert.All(poison[PoisonKind.UnknownSource], e => Assert.NotEqual("northwind.web_sales", e.Source));
        Assert.All(poison[PoisonKind.TooLarge], e => Assert.InRange(e.Body.Length, 2 << 20, (2 << 20) + 1000));
        Assert.InRange(poison[PoisonKind.TooLarge].Count, 20, 90);
    }

    private static List<OutgoingEvent> Take(EventsRequest request, int count)
    {
        var events = new SalesEvents(request, Catalog, new StoppedClock());
        return [.. Enumerable.Range(0, count).Select(_ => events.Next())];
    }

    private static string Text(OutgoingEvent next) => Convert.ToBase64String(next.Body);

    private static JsonElement Read(OutgoingEvent next) => JsonSerializer.Deserialize<JsonElement>(next.Body);

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    }
}
