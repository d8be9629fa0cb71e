using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Quality;

/// <summary>Reads <c>quality:</c> and the rules of pipeline.yaml.</summary>
internal static partial class QualityDefinitionReader
{
    private const decimal LargestWeight = 1000m;
    private static readonly string[] NotOfSums = ["expect", "when", "weight", "at_most"];

    /// <summary>The thresholds that a mapping gives; what it does not say is taken from the defaults.</summary>
    /// <param name="owner">The pipeline or the source.</param>
    /// <param name="defaults">What holds otherwise.</param>
    public static QualityDefinition Read(YamlMap owner, QualityDefinition defaults)
    {
        if (owner.Map("quality", "'quality'") is not { } map)
        {
            return defaults;
        }

        map.AllowOnly(PipelineKeys.Quality);
        var quality = new QualityDefinition
        {
            Gold = Share(map, "gold") ?? defaults.Gold,
            Silver = Share(map, "silver") ?? defaults.Silver,
            GoldRow = Share(map, "gold_row") ?? defaults.GoldRow,
            Floor = Share(map, "floor") ?? defaults.Floor,
            Below = map.Choice("below", defaults.Below),
            ExpectedEvery = Interval(map, "expected_every") ?? defaults.ExpectedEvery,
            AgeOf = map.Text("age_of") ?? defaults.AgeOf,
            Weights = ReadWeights(map, defaults.Weights),
        };
        if (quality.Silver > quality.Gold)
        {
            map.ProblemAt("silver", string.Create(CultureInfo.InvariantCulture, $"a batch is silver from {quality.Silver:P0} and gold from {quality.Gold:P0}: expected the threshold of gold to be the higher one"));
        }

        return quality;
    }

    /// <summary>A rule over rows.</summary>
    public static RuleDefinition ReadRule(YamlMap map)
    {
        map.AllowOnly(PipelineKeys.Rule);
        return new RuleDefinition
        {
            Id = map.RequiredText("id"),
            Dimension = map.Choice("dimension", Dimension.Consistency),
            Expect = map.RequiredText("expect"),
            When = map.Text("when"),
            Otherwise = map.Choice("otherwise", RuleOutcome.Reject),
            Weight = Weight(map, "weight") ?? 1m,
            AtMost = Share(map, "at_most"),
            Line = map.LineOf("expect"),
        };
    }

    /// <summary>Sums that must agree.</summary>
    public static SumRuleDefinition ReadSum(YamlMap map)
    {
        map.AllowOnly(PipelineKeys.Rule);
        foreach (var key in NotOfSums.Where(map.Has))
        {
            map.ProblemAt(key, $"a rule over sums has no '{key}': it has 'sum', 'equals', and by how much they may differ in 'within'");
        }

        var otherwise = map.Choice("otherwise", RuleOutcome.Warn);
        if (otherwise == RuleOutcome.Reject)
        {
            map.ProblemAt("otherwise", "no row can be rejected for a sum: expected warn or fail");
        }

        return new SumRuleDefinition
        {
            Id = map.RequiredText("id"),
            Dimension = map.Choice("dimension", Dimension.Consistency),
            Sum = map.RequiredText("sum"),
            EqualTo = map.RequiredText("equals"),
            Within = Within(map) ?? 0,
            Otherwise = otherwise,
            Line = map.LineOf("sum"),
        };
    }

    /// <summary>What differs in a rule that follows from a column.</summary>
    public static RuleAdjustment ReadAdjustment(YamlMap map)
    {
        map.AllowOnly(PipelineKeys.Rule);
        return new RuleAdjustment
        {
            Id = map.RequiredText("id"),
            Dimension = map.OptionalChoice<Dimension>("dimension"),
            When = map.Text("when"),
            Otherwise = map.OptionalChoice<RuleOutcome>("otherwise"),
            Weight = Weight(map, "weight"),
            AtMost = Share(map, "at_most"),
            Line = map.LineOf("id"),
        };
    }

    /// <summary>A column in which values must be found, as <c>customers.customer_id</c> or <c>silver.customers.customer_id</c>.</summary>
    public static ColumnReference? ReadReference(YamlMap column)
    {
        if (column.Text("references") is not { } text)
        {
            return null;
        }

        var parts = text.Split('.');
        if (parts is [var name, var target] && TableKey.IsName(name) && TableKey.IsName(target))
        {
            return new ColumnReference(new TableKey("silver", name), target);
        }

        if (parts is ["silver", var table, var found] && TableKey.IsName(table) && TableKey.IsName(found))
        {
            return new ColumnReference(new TableKey("silver", table), found);
        }

        column.ProblemAt("references", $"'references' is '{text}': expected a column of a table of silver, such as customers.customer_id");
        return null;
    }

    private static Dictionary<Dimension, decimal> ReadWeights(YamlMap quality, IReadOnlyDictionary<Dimension, decimal> defaults)
    {
        var weights = new Dictionary<Dimension, decimal>(defaults);
        if (quality.Map("weights", "'weights'") is not { } map)
        {
            return weights;
        }

        map.AllowOnly([.. Enum.GetNames<Dimension>().Select(n => n.ToLowerInvariant())]);
        foreach (var dimension in Enum.GetValues<Dimension>())
        {
            if (Weight(map, dimension.ToString().ToLowerInvariant()) is { } weight)
            {
                weights[dimension] = weight;
            }
        }

        return weights;
    }

    private static decimal? Share(YamlMap map, string key)
    {
        if (map.Text(key) is not { } text)
        {
            return null;
        }

        var percent = text.EndsWith('%');
        if (decimal.TryParse(percent ? text[..^1] : text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number)
            && (percent ? number / 100 : number) is >= 0 and <= 1 and var share)
        {
            return share;
        }

        map.ProblemAt(key, $"'{key}' is '{text}': expected a share from 0% to 100%, such as 2.5%");
        return null;
    }

    private static decimal? Within(YamlMap map)
    {
        if (map.Text("within") is not { } text)
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var within))
        {
            return within;
        }

        map.ProblemAt("within", $"'within' is '{text}': expected a number from 0 on, such as 0.01");
        return null;
    }

    private static decimal? Weight(YamlMap map, string key)
    {
        if (map.Text(key) is not { } text)
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight) && weight is > 0 and <= LargestWeight)
        {
            return weight;
        }

        map.ProblemAt(key, string.Create(CultureInfo.InvariantCulture, $"'{key}' is '{text}': expected a number above 0, at most {LargestWeight}, such as 2 or 0.5"));
        return null;
    }

    private static TimeSpan? Interval(YamlMap map, string key)
    {
        if (map.Text(key) is not { } text)
        {
            return null;
        }

        if (IntervalText().Match(text) is { Success: true } match && int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is > 0 and var number)
        {
            return match.Groups[2].Value switch
            {
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                "d" => TimeSpan.FromDays(number),
                _ => TimeSpan.FromDays(7 * number),
            };
        }

        map.ProblemAt(key, $"'{key}' is '{text}': expected minutes, hours, days or weeks, such as 15m, 6h, 1d or 2w");
        return null;
    }

    [GeneratedRegex("^([0-9]{1,5}) ?(m|h|d|w)$")]
    private static partial Regex IntervalText();
}
