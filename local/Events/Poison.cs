using System.Text;
using Pipeline.Local.Samples;

namespace Pipeline.Local.Events;

/// <summary>Bad events, made of good ones.</summary>
internal static class Poison
{
    private const string UnknownCustomer = "ZZZZZ";
    private const int LargeBytes = 2 << 20;

    // Large ones are rare: a broker on this machine keeps 5 MiB of a partition.
    private const int LargeOneOf = 50;

    public static PoisonKind Draw(SplitMix dice) => dice.Below(LargeOneOf) == 0 ? PoisonKind.TooLarge : (PoisonKind)dice.Below((int)PoisonKind.TooLarge);

    /// <summary>Makes a bad event.</summary>
    /// <param name="sale">What it would be if it were good.</param>
    /// <param name="source">Where it would belong.</param>
    /// <param name="kind">What is wrong with it.</param>
    /// <param name="dice">Where a text is cut.</param>
    public static OutgoingEvent Of(Sale sale, string source, PoisonKind kind, SplitMix dice) => new()
    {
        Key = kind == PoisonKind.UnknownCustomer ? UnknownCustomer : sale.CustomerId,
        Body = Body(sale, kind, dice),
        Source = kind == PoisonKind.UnknownSource ? $"{source}_of_nobody" : source,
        Poison = kind,
    };

    private static byte[] Body(Sale sale, PoisonKind kind, SplitMix dice)
    {
        var good = sale.ToJson();
        return kind switch
        {
            PoisonKind.CutJson => good[..(1 + dice.Below(good.Length - 1))],
            PoisonKind.NotJson => Encoding.UTF8.GetBytes($"{sale.Quantity} of {sale.ProductId} to {sale.CustomerId}"),
            PoisonKind.Array => [(byte)'[', .. good, (byte)']'],
            PoisonKind.InvalidUtf8 => [.. good[..^1], 0xC3, 0x28, (byte)'}'],
            PoisonKind.UnknownCustomer => (sale with { CustomerId = UnknownCustomer }).ToJson(),
            PoisonKind.NegativeQuantity => (sale with { Quantity = -sale.Quantity }).ToJson(),
            PoisonKind.NoEventId => (sale with { EventId = null }).ToJson(),
            PoisonKind.TooLarge => (sale with { Note = new string('x', LargeBytes) }).ToJson(),
            _ => good,
        };
    }
}
