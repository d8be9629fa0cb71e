using System.Globalization;

namespace Pipeline.Local.Samples;

/// <summary>The rows of the files of transactions, month by month of their recording.</summary>
internal sealed class TransactionRows
{
    public const string Header = "transaction_id,customer_id,transaction_date,amount,status,channel,recorded_at";
    public const int Months = 24;

    // Two days are left to every month for a correction, and the shortest has 28.
    private const int LastDayToCorrect = 24;
    private static readonly string[] Statuses = ["completed", "completed", "completed", "completed", "completed", "completed", "completed", "pending", "refunded", "cancelled"];
    private static readonly string[] MixedStatuses = ["COMPLETED", "Completed", " completed", "Pending ", "REFUNDED", "  Cancelled  "];
    private static readonly string[] UnknownStatuses = ["shipped", "unknown", "n/a", "complete", "42"];
    private static readonly string[] Channels = ["web", "web", "web", "shop", "shop", "phone"];
    private static readonly string[] UnparsableAmounts = ["abc", "\"12,50\"", "N/A", "1.2.3", "$19.99", "19.99 CHF", "ten", "--"];
    private static readonly string[] WrongDates = ["2024-02-30", "2024-13-01", "31/12/2024", "05.03.2024", "Mar 5 2024", "20240305", "2025-00-10", "yesterday"];

    private static readonly Dictionary<TransactionDefect, int> Shares = new()
    {
        [TransactionDefect.MissingId] = 20,
        [TransactionDefect.MissingCustomer] = 60,
        [TransactionDefect.MissingDate] = 50,
        [TransactionDefect.MissingAmount] = 80,
        [TransactionDefect.BlankStatus] = 60,
        [TransactionDefect.NegativeAmount] = 100,
        [TransactionDefect.ZeroAmount] = 40,
        [TransactionDefect.UnparsableAmount] = 80,
        [TransactionDefect.WrongDate] = 90,
        [TransactionDefect.UnknownStatus] = 70,
        [TransactionDefect.UnknownCustomer] = 50,
        [TransactionDefect.FutureDate] = 30,
        [TransactionDefect.Late] = 150,
        [TransactionDefect.MixedCaseStatus] = 400,
        [TransactionDefect.ExactDuplicate] = 120,
        [TransactionDefect.ChangedDuplicate] = 100,
    };

    private readonly List<string>[] lines = [.. Enumerable.Range(0, Months).Select(_ => new List<string>())];

    public TransactionRows(SplitMix random, int rows, IReadOnlyList<string> customers)
    {
        Defects = ClientSales.Deal(random, rows, Shares);
        var originals = new List<Row>();
        foreach (var (defect, number) in Defects.Where(d => d is not (TransactionDefect.ExactDuplicate or TransactionDefect.ChangedDuplicate)).Select((d, i) => (d, i + 1)))
        {
            var row = Spoil(random, Make(random, number, customers), defect);
            lines[row.Month].Add(row.ToString());
            if (defect == TransactionDefect.None && row.Recorded.Day <= LastDayToCorrect)
            {
                originals.Add(row);
            }
        }

        random.Shuffle(originals);
        foreach (var (defect, row) in Defects.Where(d => d is TransactionDefect.ExactDuplicate or TransactionDefect.ChangedDuplicate).Zip(originals))
        {
            var again = defect == TransactionDefect.ExactDuplicate
                ? row
                : row with { Amount = Amount(random), Status = random.Of(Statuses), Recorded = row.Recorded.AddDays(1 + random.Below(3)) };
            lines[row.Month].Add(again.ToString());
        }

        foreach (var month in lines)
        {
            random.Shuffle(month);
        }
    }

    /// <summary>The first month.</summary>
    public static DateOnly First { get; } = new(2024, 1, 1);

    /// <summary>The rows of each month's file.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Lines => lines;

    public IReadOnlyList<TransactionDefect> Defects { get; }

    private static Row Make(SplitMix random, int number, IReadOnlyList<string> customers)
    {
        // Half of the time the larger of two: business grows.
        var month = Math.Max(random.Below(Months), random.Below(2) == 0 ? 0 : random.Below(Months));
        var first = First.AddMonths(month);
        var recorded = first.AddDays(random.Below(DateTime.DaysInMonth(first.Year, first.Month))).ToDateTime(new TimeOnly(7 + random.Below(15), random.Below(60), random.Below(60)));
        return new Row
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"T{number:0000000}"),
            // The smaller of two: some buy often.
            Customer = customers[Math.Min(random.Below(customers.Count), random.Below(customers.Count))],
            Date = Text(recorded),
            Amount = Amount(random),
            Status = random.Of(Statuses),
            Channel = random.Of(Channels),
            Month = month,
            Recorded = recorded,
        };
    }

    private static Row Spoil(SplitMix random, Row row, TransactionDefect defect) => defect switch
    {
        TransactionDefect.MissingId => row with { Id = "" },
        TransactionDefect.MissingCustomer => row with { Customer = "" },
        TransactionDefect.MissingDate => row with { Date = "" },
        TransactionDefect.MissingAmount => row with { Amount = "" },
        TransactionDefect.BlankStatus => row with { Status = random.Below(2) == 0 ? "" : "   " },
        TransactionDefect.NegativeAmount => row with { Amount = $"-{row.Amount}" },
        TransactionDefect.ZeroAmount => row with { Amount = random.Below(2) == 0 ? "0" : "0.00" },
        TransactionDefect.UnparsableAmount => row with { Amount = random.Of(UnparsableAmounts) },
        TransactionDefect.WrongDate => row with { Date = random.Of(WrongDates) },
        TransactionDefect.UnknownStatus => row with { Status = random.Of(UnknownStatuses) },
        TransactionDefect.UnknownCustomer => row with { Customer = string.Create(CultureInfo.InvariantCulture, $"X{random.Below(1000):00000}") },
        TransactionDefect.FutureDate => row with { Date = Text(new DateTime(2090 + random.Below(9), 1, 1).AddDays(random.Below(365))) },
        TransactionDefect.Late => Delay(random, row),
        TransactionDefect.MixedCaseStatus => row with { Status = random.Of(MixedStatuses) },
        _ => row,
    };

    // A day of one of the first twenty of an earlier month; the first file's are of the year before.
    private static Row Delay(SplitMix random, Row row)
    {
        var month = First.AddMonths(row.Month - 1 - random.Below(3));
        return row with { Date = Text(month.AddDays(random.Below(20)).ToDateTime(TimeOnly.MinValue)) };
    }

    // From 5.00 to some 1,000, small ones most often; one of a hundred is a wholesale order.
    private static string Amount(SplitMix random)
    {
        var cents = 500 + (random.Below(100) * random.Below(100) * random.Below(100) / 10);
        cents *= random.Below(100) == 0 ? 20 : 1;
        return string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00}");
    }

    private static string Text(DateTime date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Row
    {
        public required string Id { get; init; }

        public required string Customer { get; init; }

        public required string Date { get; init; }

        public required string Amount { get; init; }

        public required string Status { get; init; }

        public required string Channel { get; init; }

        /// <summary>Of the file, from 0.</summary>
        public required int Month { get; init; }

        public required DateTime Recorded { get; init; }

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Id},{Customer},{Date},{Amount},{Status},{Channel},{Recorded:yyyy-MM-ddTHH:mm:ss}Z");
    }
}
