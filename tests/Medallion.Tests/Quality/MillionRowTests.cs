using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Tests.Quality;

/// <summary>The verdict on a large table is that of the same rules evaluated row by row, written apart from ours.</summary>
public sealed partial class MillionRowTests(MedallionFixture medallion)
{
    private static readonly int Rows = int.Parse(Environment.GetEnvironmentVariable("PIPELINE_QUALITY_ROWS") ?? "1000000", CultureInfo.InvariantCulture);

    private const string Yaml =
        """
        sources:
          customers: {connector: file, path: $/customers.csv, columns: {id: {type: bigint, required: true}}}
          sales:
            connector: file
            path: $/sales*.csv
            quality: {gold: 90%, silver: 50%}
            columns:
              id:       {type: bigint, required: true}
              customer: {type: bigint, references: customers.id}
              day:      {type: date, not_future: true}
              amount:   {type: "decimal(18,2)", min: 0, max: 10000}
              status:   {type: varchar, required: true, in: [paid, open, void]}
              code:     {type: varchar, pattern: "[A-Z]{2}[0-9]{3}"}
              serial:   {type: varchar, unique: true}
            rules:
              - {id: paid-has-amount, expect: amount > 0, when: status = 'paid', weight: 2}
              - {id: cheap, expect: amount < 5000, otherwise: warn, dimension: accuracy}
              - {id: coded, expect: "code is not null and code <> ''", otherwise: warn, dimension: completeness, weight: 0.5}
              - {id: code-pattern, otherwise: warn, weight: 3}
        """;

    [Fact]
    public async Task Verdict_EqualsRowByRow()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Yaml);
        var random = new Random(20261125);
        var model = new RowByRow();
        const int Files = 4;
        await pipeline.LandAsync("customers.csv", $"id\n{string.Concat(Enumerable.Range(1, 500).Select(i => $"{i}\n"))}");
        for (var file = 0; file < Files; file++)
        {
            var text = new StringBuilder("id,customer,day,amount,status,code,serial\n");
            for (var row = 1; row <= Rows / Files; row++)
            {
                var values = Row(random);
                text.AppendJoin(',', values).Append('\n');
                model.Add($"{pipeline.Name}/sales{file}.csv", row, values);
            }

            await pipeline.LandAsync($"sales{file}.csv", text.ToString());
        }

        await pipeline.SucceedAsync();

        var verdict = await pipeline.VerdictAsync("silver.sales");
        Assert.Equal(model.Checks(), verdict.Checks(failedOnly: false));
        Assert.Equal((model.Rows, model.Valid, model.Warned, model.Gold), (Number("rows"), Number("accepted"), Number("warned"), verdict["tiers"]!["gold"]!.GetValue<long>()));
        Assert.Equal(model.Missing(), verdict["columns"]!.AsArray().Select(c => $"{c!["column"]} {c["missing"]}").Order(StringComparer.Ordinal));
        foreach (var (dimension, score) in model.Scores())
        {
            Assert.Equal(score, verdict.Score(dimension)!.Value, 5);
        }

        Assert.Equal(model.Scores().Average(s => s.Score), verdict["score"]!.GetValue<double>(), 5);
        Assert.Equal([$"{model.Valid}|{model.Gold}"], await pipeline.QueryAsync("select count(*), count(*) filter (_tier = 'gold') from silver.sales"));
        Assert.Equal([$"{model.Rows - model.Valid}"], await pipeline.QueryAsync("select count(*) from rejected.sales"));
        Assert.Equal(model.RejectedBy(), await pipeline.QueryAsync("select concat(f.rule, ' ', count(*)) from (select unnest(failures) as f from rejected.sales) group by f.rule order by f.rule"));

        long Number(string key) => verdict[key]!.GetValue<long>();
    }

    private static string[] Row(Random random) =>
    [
        random.Next(100) == 0 ? "" : random.Next(50) == 0 ? "x1" : $"{random.Next(1_000_000)}",
        random.Next(20) == 0 ? "" : $"{random.Next(1, 510)}",
        random.Next(40) switch { 0 => "", 1 => "2024-02-30", 2 => "2999-01-01", _ => $"2024-{random.Next(1, 13):00}-{random.Next(1, 29):00}" },
        random.Next(30) switch { 0 => "", 1 => "abc", 2 => "-1.5", 3 => "0", 4 => "10000.01", 5 => "6000", _ => $"{random.Next(1, 4000)}.{random.Next(100):00}" },
        random.Next(25) switch { 0 => "", 1 => " ", 2 => "lost", var n => n < 12 ? "paid" : n < 20 ? "open" : "void" },
        random.Next(15) switch { 0 => "", 1 => "ab123", _ => $"{(char)('A' + random.Next(26))}Q{random.Next(1000):000}" },
        random.Next(10) == 0 ? "" : $"s{random.Next(20_000_000)}",
    ];

    // Straight from the documentation, one row and one rule at a time.
    private sealed partial class RowByRow
    {
        private static readonly string[] Names = ["id", "customer", "day", "amount", "status", "code", "serial"];
        private readonly SortedDictionary<string, (long Checked, long Failed)> checks = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, long> rejected = new(StringComparer.Ordinal);
        private readonly long[] missing = new long[Names.Length];
        private readonly HashSet<string> serials = [];

        private static readonly Dictionary<string, (string Dimension, double Weight)> Kinds = new()
        {
            ["malformed"] = ("schema", 1), ["id-type"] = ("schema", 1), ["customer-type"] = ("schema", 1), ["day-type"] = ("schema", 1), ["amount-type"] = ("schema", 1),
            ["id-required"] = ("completeness", 1), ["status-required"] = ("completeness", 1), ["coded"] = ("completeness", 0.5),
            ["day-not-future"] = ("accuracy", 1), ["amount-range"] = ("accuracy", 1), ["status-in"] = ("accuracy", 1), ["code-pattern"] = ("accuracy", 3), ["cheap"] = ("accuracy", 1),
            ["customer-references"] = ("consistency", 1), ["serial-unique"] = ("consistency", 1), ["paid-has-amount"] = ("consistency", 2),
        };

        public long Rows { get; private set; }

        public long Valid { get; private set; }

        public long Warned { get; private set; }

        public long Gold { get; private set; }

        // The order of the calls is the order of arrival: files by name, rows by number.
        public void Add(string file, int row, string[] values)
        {
            Assert.NotEmpty(file);
            Assert.True(row > 0);
            Rows++;
            var bad = new List<string>();
            for (var i = 0; i < values.Length; i++)
            {
                missing[i] += values[i].Trim().Length == 0 ? 1 : 0;
            }

            var (id, customer) = (Whole(values[0]), Whole(values[1]));
            var day = DateOnly.TryParseExact(values[2], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : (DateOnly?)null;
            var amount = decimal.TryParse(values[3], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : (decimal?)null;
            var (status, code, serial) = (values[4], values[5], values[6]);
            Check("malformed", true, false);
            Check("id-type", values[0].Length > 0, id is null);
            Check("id-required", true, values[0].Length == 0);
            Check("customer-type", values[1].Length > 0, customer is null);
            Check("customer-references", customer is not null, customer is < 1 or > 500);
            Check("day-type", values[2].Length > 0, day is null);
            Check("day-not-future", day is not null, day > DateOnly.FromDateTime(DateTime.UtcNow));
            Check("amount-type", values[3].Length > 0, amount is null);
            Check("amount-range", amount is not null, amount is < 0 or > 10000);
            Check("status-required", true, status.Trim().Length == 0);
            Check("status-in", status.Length > 0, status is not ("paid" or "open" or "void"));
            var pattern = Check("code-pattern", code.Length > 0, !Code().IsMatch(code), rejects: false);
            Check("paid-has-amount", status == "paid", status == "paid" && amount is not null && amount <= 0);
            var cheap = Check("cheap", true, amount is not null && amount >= 5000, rejects: false);
            var coded = Check("coded", true, code.Length == 0, rejects: false);

            // Only a row that nothing else rejects holds its value, or loses it.
            Check("serial-unique", serial.Length > 0, bad.Count == 0 && serial.Length > 0 && !serials.Add(serial));
            if (bad.Count > 0)
            {
                return;
            }

            Valid++;
            Warned += pattern || cheap || coded ? 1 : 0;
            Gold += pattern || cheap || coded ? 0 : 1;

            bool Check(string rule, bool isAbout, bool fails, bool rejects = true)
            {
                var (all, failed) = checks.GetValueOrDefault(rule);
                var counts = isAbout && fails;
                checks[rule] = (all + (isAbout ? 1 : 0), failed + (counts ? 1 : 0));
                if (counts && rejects)
                {
                    bad.Add(rule);
                    rejected[rule] = rejected.GetValueOrDefault(rule) + 1;
                }

                return counts;
            }
        }

        public IEnumerable<string> Checks() => checks.Select(c => $"{c.Key} {c.Value.Failed}/{c.Value.Checked}").Order(StringComparer.Ordinal);

        public IEnumerable<string> Missing() => Names.Select((n, i) => $"{n} {missing[i]}").Order(StringComparer.Ordinal);

        public IEnumerable<string> RejectedBy() => rejected.Select(r => $"{r.Key} {r.Value}");

        public IReadOnlyList<(string Dimension, double Score)> Scores() =>
        [
            .. checks.GroupBy(c => Kinds[c.Key].Dimension).Select(d => (d.Key, d.Sum(c => Kinds[c.Key].Weight * (c.Value.Checked - c.Value.Failed)) / d.Sum(c => Kinds[c.Key].Weight * c.Value.Checked))),
        ];

        private static long? Whole(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

        [GeneratedRegex("^[A-Z]{2}[0-9]{3}$")]
        private static partial Regex Code();
    }
}
