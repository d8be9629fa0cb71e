using Pipeline.Local.Samples;

namespace Pipeline.Local.Events;

/// <summary>The events of a request, one after the other. Which ones they are depends on the seed only; the first is a good one.</summary>
internal sealed class SalesEvents(EventsRequest request, SalesCatalog catalog, TimeProvider clock)
{
    /// <summary>How many earlier events one can repeat.</summary>
    private const int Remembered = 1000;
    private const int LargestQuantity = 40;
    private static readonly decimal[] Discounts = [0, 0, 0, 0, 0.05m, 0.1m, 0.15m, 0.2m, 0.25m];

    // Much later than a minute: some come when their window is closed.
    private const int LatestSeconds = 600;

    private readonly SplitMix dice = new(request.Seed);
    private readonly List<OutgoingEvent> earlier = new(Remembered);
    private readonly string source = $"{request.Pipeline}.{EventsRequest.Source}";
    private long sales;
    private long poison;

    public OutgoingEvent Next()
    {
        var drawn = dice.Below(Share.Whole);
        if (earlier.Count == 0 || drawn >= request.Poison.PartsPerMillion + request.Duplicates.PartsPerMillion)
        {
            return Good();
        }

        return drawn < request.Poison.PartsPerMillion
            ? Poison.Of(SaleOf(poison, request.PoisonId(poison++)), source, Poison.Draw(dice), dice)
            : dice.Of(earlier) with { IsDuplicate = true };
    }

    private OutgoingEvent Good()
    {
        var sale = SaleOf(sales, request.SaleId(sales));
        var next = new OutgoingEvent { Key = sale.CustomerId, Body = sale.ToJson(), Source = source };
        if (earlier.Count < Remembered)
        {
            earlier.Add(next);
        }
        else
        {
            earlier[(int)(sales % Remembered)] = next;
        }

        sales++;
        return next;
    }

    // Of its number alone: with other shares of bad events or repeats a sale is the same.
    private Sale SaleOf(long number, string id)
    {
        var own = new SplitMix(request.Seed ^ ((ulong)(number + 1) * 0xD1342543DE82EF95));
        var customer = own.Of(catalog.Customers);
        var product = own.Of(catalog.Products);
        var quantity = 1 + own.Below(LargestQuantity);
        var discount = own.Of(Discounts);
        var delay = own.Below(Share.Whole) < request.Late.PartsPerMillion ? TimeSpan.FromSeconds(5 + own.Below(LatestSeconds)) : TimeSpan.Zero;
        var now = (clock.GetUtcNow() - delay).UtcDateTime;
        return new Sale
        {
            EventId = id,
            CustomerId = customer.Id,
            Country = customer.Country,
            ProductId = product.Id,
            Quantity = quantity,
            UnitPrice = product.ListPrice,
            Discount = discount,
            SoldAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond)),
        };
    }
}
