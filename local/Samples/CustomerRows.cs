using System.Globalization;

namespace Pipeline.Local.Samples;

/// <summary>The rows of customers.csv.</summary>
internal sealed class CustomerRows
{
    public const string Header = "customer_id,name,email,country,segment,signup_date,updated_on";

    private static readonly DateOnly Opening = new(2019, 1, 1);
    private static readonly string[] FirstNames =
        ["Anna", "Ben", "Chloé", "David", "Elif", "Fatima", "Giulia", "Hugo", "Ingrid", "José", "Kenji", "Łukasz", "Mia", "Noah", "Olga", "Priya", "Rafael", "Søren", "Tomás", "Zoë"];

    private static readonly string[] LastNames =
        ["Almeida", "Bauer", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hansen", "Ito", "Jansen", "Keller", "Lefèvre", "Müller", "Novák", "Okafor", "Popescu", "Rossi", "Şahin", "Tanaka", "Weber"];

    private static readonly string[] Countries = ["Austria", "Brazil", "Denmark", "France", "Germany", "India", "Italy", "Japan", "Portugal", "Spain", "Switzerland", "Türkiye"];
    private static readonly string[] Segments = ["consumer", "consumer", "consumer", "business", "business", "public"];
    private static readonly string[] UnknownSegments = ["vip", "unknown", "B2B", "-"];
    private static readonly string[] WrongEmails = ["none", "at example.com", "user@", "@example.com", "user@@example.com"];
    private static readonly string[] WrongDates = ["2021-02-30", "13/05/2022", "2020-00-10", "last year"];

    private static readonly Dictionary<CustomerDefect, int> Shares = new()
    {
        [CustomerDefect.MissingId] = 50,
        [CustomerDefect.MissingName] = 100,
        [CustomerDefect.MissingEmail] = 400,
        [CustomerDefect.WrongEmail] = 200,
        [CustomerDefect.UnknownSegment] = 100,
        [CustomerDefect.WrongSignupDate] = 100,
        [CustomerDefect.ExactDuplicate] = 150,
        [CustomerDefect.ChangedDuplicate] = 150,
    };

    private readonly List<string> lines = [];
    private readonly List<string> good = [];

    public CustomerRows(SplitMix random, int rows)
    {
        Defects = ClientSales.Deal(random, rows, Shares);
        var originals = new List<Row>();
        foreach (var (defect, number) in Defects.Where(d => d is not (CustomerDefect.ExactDuplicate or CustomerDefect.ChangedDuplicate)).Select((d, i) => (d, i + 1)))
        {
            var row = Make(random, number, defect);
            lines.Add(row.ToString());
            if (defect is CustomerDefect.None or CustomerDefect.MissingEmail)
            {
                good.Add(row.Id);
            }

            if (defect == CustomerDefect.None)
            {
                originals.Add(row);
            }
        }

        random.Shuffle(originals);
        var again = Defects.Where(d => d is CustomerDefect.ExactDuplicate or CustomerDefect.ChangedDuplicate).Zip(originals, (defect, row) =>
            defect == CustomerDefect.ExactDuplicate ? row : row with { Country = random.Of(Countries), UpdatedOn = row.UpdatedOn.AddDays(1 + random.Below(400)) });
        lines.AddRange(again.Select(row => row.ToString()));
        random.Shuffle(lines);
    }

    public IReadOnlyList<string> Lines => lines;

    public IReadOnlyList<CustomerDefect> Defects { get; }

    /// <summary>The ids of customers that have a valid row.</summary>
    public IReadOnlyList<string> Good => good;

    private static Row Make(SplitMix random, int number, CustomerDefect defect)
    {
        var (first, last) = (random.Of(FirstNames), random.Of(LastNames));
        var signup = Opening.AddDays(random.Below(5 * 365));
        var row = new Row
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"C{number:00000}"),
            Name = $"{first} {last}",
            Email = string.Create(CultureInfo.InvariantCulture, $"client{number}@example.com"),
            Country = random.Of(Countries),
            Segment = random.Of(Segments),
            SignupDate = Text(signup),
            UpdatedOn = signup.AddDays(random.Below(300)),
        };
        return defect switch
        {
            CustomerDefect.MissingId => row with { Id = "" },
            CustomerDefect.MissingName => row with { Name = random.Below(2) == 0 ? "" : "  " },
            CustomerDefect.MissingEmail => row with { Email = "" },
            CustomerDefect.WrongEmail => row with { Email = random.Of(WrongEmails) },
            CustomerDefect.UnknownSegment => row with { Segment = random.Of(UnknownSegments) },
            CustomerDefect.WrongSignupDate => row with { SignupDate = random.Of(WrongDates) },
            _ => row,
        };
    }

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Row
    {
        public required string Id { get; init; }

        public required string Name { get; init; }

        public required string Email { get; init; }

        public required string Country { get; init; }

        public required string Segment { get; init; }

        public required string SignupDate { get; init; }

        public required DateOnly UpdatedOn { get; init; }

        public override string ToString() => $"{Id},{Name},{Email},{Country},{Segment},{SignupDate},{Text(UpdatedOn)}";
    }
}
