using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Tests.Mart;

/// <summary>Conditions at random, held against what they mean; and questions that mean harm.</summary>
public sealed class RandomQuestionTests(MedallionFixture medallion)
{
    private static readonly string[] Names = ["", "a", "A", "ab", "b'c", "ünï", "%", "a_b", "\\", "ab "];
    private static readonly string[] Harm =
    [
        "'; drop table silver.f; --", "\" or 1=1 --", "silver.f\"; copy (select 1) to '/tmp/x'; --", "1) union select * from read_csv('/etc/passwd') --", "../../etc/passwd", "$1", "{source}",
        "\u0000", "🦆", "\n", "a\"b", "x'y", "select", "*", "", "(select 1)", "id, name", new('x', 5000), "pg_sleep(10)", "getenv('PATH')", "silver.f.id", "rowid", "_file", "1e999", "NaN",
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Query_RandomConditions_KeepTheRowsThatMeetThem()
    {
        var random = new Random(20261126);
        var rows = Enumerable.Range(0, 60).Select(i => Row(random, i)).ToList();
        var mart = await MartPipeline.StartAsync(medallion, rows);
        for (var round = 0; round < 300; round++)
        {
            var where = Condition(random, 3);

            var ids = await mart.RowsAsync($$"""{"columns": ["id"], "where": {{where.ToJsonString()}}, "orderBy": [{"column": "id"}]}""");

            Assert.True(rows.Where(r => Meets(r, where) == true).Select(r => $"{r.Id}").SequenceEqual(ids), where.ToJsonString());
        }
    }

    // Every question is answered or refused as one that cannot be; the table stays, and nothing else shows.
    [Fact]
    public async Task Query_Malicious_IsAnsweredOrRefused()
    {
        var random = new Random(int.TryParse(Environment.GetEnvironmentVariable("MART_FUZZ_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 1);
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("MART_FUZZ_QUESTIONS"), CultureInfo.InvariantCulture, out var asked) ? asked : 1000;
        var mart = await MartPipeline.StartAsync(medallion, Enumerable.Range(0, 50).Select(i => Row(random, i)));
        var other = await MartPipeline.StartAsync(medallion, [new(1) { Name = "a secret of another pipeline" }]);
        var whole = await mart.RowsAsync("""{"orderBy": [{"column": "id"}]}""");
        var (answered, refused) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var question = Question(random, other.Name);
            try
            {
                var rows = question.ContainsKey("features")
                    ? (await mart.AnswerAsync(mart.AskFeatures(question.ToJsonString()))).Rows
                    : (await mart.AnswerAsync(mart.Ask(question.ToJsonString()))).Rows;
                Assert.DoesNotContain("secret of another", string.Join('\n', rows.Select(r => r.ToJsonString())), StringComparison.Ordinal);
                Assert.True(rows.Count <= DataMart.RowLimit);
                answered++;
            }
            catch (Exception error) when (error is QueryException or UnknownTableException or System.Text.Json.JsonException)
            {
                Assert.DoesNotContain("/etc/passwd:", error.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.Equal(whole, await mart.RowsAsync("""{"orderBy": [{"column": "id"}]}"""));
        Assert.True(answered > rounds / 50 && refused > rounds / 5, $"{answered} answered, {refused} refused");
        TestContext.Current.SendDiagnosticMessage($"{answered} answered, {refused} refused");
    }

    private static MartRow Row(Random random, int id) => new(id)
    {
        Name = random.Next(8) == 0 ? null : Names[random.Next(1, Names.Length)],
        Amount = random.Next(8) == 0 ? null : random.Next(-3, 4) / 2.0,
        Price = random.Next(8) == 0 ? null : random.Next(-3, 4) / 4m,
        Day = random.Next(8) == 0 ? null : new DateOnly(2024, 1, 1).AddDays(random.Next(5)),
        Seen = random.Next(8) == 0 ? null : new DateTime(2024, 1, 1).AddHours(random.Next(5)),
        Ok = random.Next(8) == 0 ? null : random.Next(2) == 0,
    };

    private static JsonObject Condition(Random random, int depth) => (depth == 0 ? 3 : random.Next(6)) switch
    {
        0 => new JsonObject { ["and"] = new JsonArray(Condition(random, depth - 1), Condition(random, depth - 1)) },
        1 => new JsonObject { ["or"] = new JsonArray(Condition(random, depth - 1), Condition(random, depth - 1), Condition(random, depth - 1)) },
        2 => new JsonObject { ["not"] = Condition(random, depth - 1) },
        _ => Comparison(random),
    };

    private static JsonObject Comparison(Random random)
    {
        var column = new[] { "id", "name", "amount", "price", "day", "seen", "ok" }[random.Next(7)];
        var op = column == "name" ? random.Next(14) : column == "ok" ? new[] { 0, 1, 6, 7, 12, 13 }[random.Next(6)] : new[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13 }[random.Next(11)];
        var condition = new JsonObject { ["column"] = column, ["op"] = System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(((MartOperator)op).ToString()) };
        condition["value"] = (MartOperator)op switch
        {
            MartOperator.IsNull or MartOperator.IsNotNull => null,
            MartOperator.In or MartOperator.NotIn => new JsonArray(Value(random, column), Value(random, column), Value(random, column)),
            MartOperator.Between => new JsonArray(Value(random, column), Value(random, column)),
            _ => Value(random, column),
        };
        return condition;
    }

    private static JsonNode Value(Random random, string column) => column switch
    {
        "id" => random.Next(-2, 62),
        "name" => Names[random.Next(Names.Length)],
        "amount" => random.Next(-3, 4) / 2.0,
        "price" => random.Next(-3, 4) / 4m,
        "day" => new DateOnly(2024, 1, 1).AddDays(random.Next(5)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        "seen" => new DateTime(2024, 1, 1).AddHours(random.Next(5)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        _ => random.Next(2) == 0,
    };

    // SQL's logic: null is neither.
    private static bool? Meets(MartRow row, JsonObject where)
    {
        if (where["and"] is JsonArray and)
        {
            var parts = and.Select(c => Meets(row, c!.AsObject())).ToList();
            return parts.Contains(false) ? false : parts.Contains(null) ? null : true;
        }

        if (where["or"] is JsonArray or)
        {
            var parts = or.Select(c => Meets(row, c!.AsObject())).ToList();
            return parts.Contains(true) ? true : parts.Contains(null) ? null : false;
        }

        if (where["not"] is JsonObject not)
        {
            return !Meets(row, not);
        }

        var value = ValueOf(row, (string)where["column"]!);
        var op = Enum.Parse<MartOperator>((string)where["op"]!, ignoreCase: true);
        if (value is null || op is MartOperator.IsNull or MartOperator.IsNotNull)
        {
            return op switch { MartOperator.IsNull => value is null, MartOperator.IsNotNull => value is not null, _ => null };
        }

        IReadOnlyList<IComparable> with = where["value"] is JsonArray list ? [.. list.Select(v => Like(value, v!))] : [Like(value, where["value"]!)];
        return op switch
        {
            MartOperator.Eq => Compare(value, with[0]) == 0,
            MartOperator.Ne => Compare(value, with[0]) != 0,
            MartOperator.Lt => Compare(value, with[0]) < 0,
            MartOperator.Le => Compare(value, with[0]) <= 0,
            MartOperator.Gt => Compare(value, with[0]) > 0,
            MartOperator.Ge => Compare(value, with[0]) >= 0,
            MartOperator.In => with.Any(w => Compare(value, w) == 0),
            MartOperator.NotIn => with.All(w => Compare(value, w) != 0),
            MartOperator.Between => Compare(value, with[0]) >= 0 && Compare(value, with[1]) <= 0,
            MartOperator.Contains => ((string)value).Contains((string)with[0], StringComparison.Ordinal),
            MartOperator.StartsWith => ((string)value).StartsWith((string)with[0], StringComparison.Ordinal),
            MartOperator.EndsWith => ((string)value).EndsWith((string)with[0], StringComparison.Ordinal),
            _ => throw new ArgumentOutOfRangeException(nameof(where)),
        };
    }

    private static int Compare(IComparable a, IComparable b) => a is string text
        ? System.Text.Encoding.UTF8.GetBytes(text).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes((string)b))
        : a.CompareTo(b);

    private static IComparable? ValueOf(MartRow row, string column) => column switch
    {
        "id" => (double)row.Id,
        "name" => row.Name,
        "amount" => row.Amount,
        "price" => row.Price,
        "day" => row.Day,
        "seen" => row.Seen,
        _ => row.Ok,
    };

    private static IComparable Like(IComparable value, JsonNode node) => value switch
    {
        double => double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture),
        decimal => decimal.Parse(node.ToJsonString(), CultureInfo.InvariantCulture),
        DateOnly => DateOnly.Parse((string)node!, CultureInfo.InvariantCulture),
        DateTime => DateTimeOffset.Parse((string)node!, CultureInfo.InvariantCulture).UtcDateTime,
        bool => (bool)node,
        _ => (string)node!,
    };

    private static JsonObject Question(Random random, string other)
    {
        var question = new JsonObject();
        foreach (var _ in Enumerable.Range(0, random.Next(1, 4)))
        {
            switch (random.Next(12))
            {
                case 0: question["columns"] = new JsonArray(Text(random, "id")); break;
                case 1: question["where"] = new JsonObject { ["column"] = Text(random, "name"), ["op"] = "eq", ["value"] = Text(random, "a") }; break;
                case 2: question["where"] = Nested(random.Next(1, 40)); break;
                case 3: question["groupBy"] = new JsonArray(new JsonObject { ["column"] = Text(random, "day"), ["grain"] = "month", ["as"] = Text(random, "m") }); break;
                case 4: question["aggregates"] = new JsonArray(new JsonObject { ["function"] = "sum", ["column"] = Text(random, "amount"), ["as"] = Text(random, "s") }); break;
                case 5: question["orderBy"] = new JsonArray(new JsonObject { ["column"] = Text(random, "id"), ["descending"] = random.Next(2) == 0 }); break;
                case 6: question["limit"] = random.Next(-2, 20_000); break;
                case 7: question["cursor"] = Text(random, "eyJ2ZXJzaW9uIjowfQ"); break;
                case 8: question["version"] = random.NextInt64(-3, 5); break;
                case 9: question["from"] = new[] { "silver.f", "bronze.f", "gold._quality_checks", $"silver.\"../{other}/f\"", "information_schema.tables", "silver.F", "silver.f; drop" }[random.Next(7)]; break;
                case 10: question["pipeline"] = new[] { $"{other}/../{other}", "..", "", $"{other}/f/..", "x" }[random.Next(5)]; break;
                default:
                    question["features"] = new JsonArray(new JsonObject { ["column"] = Text(random, "name"), ["encode"] = "oneHot", ["impute"] = "constant", ["value"] = Text(random, "z"), ["columns"] = random.Next(-1, 300) });
                    question.Remove("columns");
                    break;
            }
        }

        if (question.ContainsKey("features"))
        {
            foreach (var name in new[] { "columns", "groupBy", "aggregates", "orderBy" })
            {
                question.Remove(name);
            }
        }

        return question;
    }

    private static string Text(Random random, string good) => random.Next(3) == 0 ? Harm[random.Next(Harm.Length)] : good;

    private static JsonObject Nested(int depth) => depth == 0
        ? new JsonObject { ["column"] = "id", ["op"] = "gt", ["value"] = 3 }
        : new JsonObject { ["not"] = Nested(depth - 1) };
}
