using System.Globalization;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Quality;

/// <summary>Turns counts into scores, tiers and a verdict. The formulas are those of docs/quality.md.</summary>
internal sealed class QualityJudge(SourceDefinition source, SourceChecks checks, StepWork work)
{
    private const int ScoreDigits = 6;
    private readonly QualityDefinition quality = source.Quality;

    // Checks of completeness are about the columns that must have a value; where there is none, about all.
    private readonly List<int> expected = [.. Enumerable.Range(0, source.Columns.Count).Where(i => SourceChecks.IsRequired(source, source.Columns[i]))];

    /// <summary>The verdict on a batch.</summary>
    public QualityReport Judge(MeasuredBatch batch, BatchKind kind)
    {
        var whole = batch.Partitions.Count == 0 ? Nothing : MeasuredPartition.Sum(batch.Partitions);
        var age = quality.ExpectedEvery is not null && batch.NewestUtc is { } newest ? work.TimeUtc - newest : (TimeSpan?)null;
        var scores = ScoresOf(whole, age);
        var score = Mean(scores);
        var reports = checks.All.Select((check, i) => ReportOf(check, whole, i, batch)).ToList();
        reports.AddRange(source.Sums.Select((s, i) => ReportOf(s, i < batch.Sums.Count ? batch.Sums[i] : default)));
        var (verdict, reason) = VerdictOf(score, reports, kind);
        return new QualityReport
        {
            Table = work.Table,
            RunId = work.RunId,
            AtUtc = work.TimeUtc,
            Kind = kind,
            Rows = whole.Rows,
            Accepted = whole.Valid,
            Warned = whole.Warned,
            Rejected = whole.Rows - whole.Valid,
            Tiers = new TierCounts(whole.Gold, whole.Valid - whole.Gold),
            Scores = scores,
            Score = score,
            Tier = TierOf(score),
            Verdict = verdict,
            Reason = reason,
            AgeSeconds = age?.TotalSeconds,
            Checks = reports,
            Columns = [.. source.Columns.Select((c, i) => ColumnOf(c, i, whole))],
            Partitions = source.Partition is null ? [] : [.. batch.Partitions.Select(p => PartitionOf(p, age))],
        };
    }

    private MeasuredPartition Nothing => new()
    {
        Name = "",
        Rows = 0,
        Readable = 0,
        Valid = 0,
        Warned = 0,
        Gold = 0,
        Present = new long[source.Columns.Count],
        Typed = new long[source.Columns.Count],
        Checked = new long[checks.All.Count],
        Failed = new long[checks.All.Count],
    };

    private (Verdict Verdict, string? Reason) VerdictOf(double? score, IReadOnlyList<CheckReport> reports, BatchKind kind)
    {
        if (reports.FirstOrDefault(c => c is { Otherwise: RuleOutcome.Fail, IsExceeded: true }) is { } broken)
        {
            if (checks.All.FirstOrDefault(c => c.Rule == broken.Rule) is not { } check)
            {
                return (Verdict.Failed, $"Rule '{broken.Rule}' of source '{source.Name}' fails the step: {broken.Samples[0].Value}. Correct the file, or change the rule's 'otherwise'.");
            }

            var example = broken.Samples.Count == 0 ? "" : $", such as record {broken.Samples[0].Row} of {(source.Remote is null ? "landing/" : "")}{broken.Samples[0].File}";
            var tolerated = broken.AtMost is { } most ? string.Create(CultureInfo.InvariantCulture, $", where {most:0.##%} of {broken.Checked} are tolerated") : "";
            return (Verdict.Failed, $"Rule '{broken.Rule}' of source '{source.Name}' fails the step: {broken.Failed} row(s) break it ({check.Reason}){example}{tolerated}. Correct the file, or change the rule's 'otherwise'.");
        }

        // Rows that were rejected before are not expected to be good, and what fails again stays where it is.
        if (kind is BatchKind.Replay)
        {
            return (Verdict.Passed, null);
        }

        var reasons = reports.Where(c => c is { AtMost: not null, Otherwise: not RuleOutcome.Fail, IsExceeded: true })
            .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Share:0.##%} of the rows fail '{c.Rule}', where {c.AtMost:0.##%} are tolerated")).ToList();
        if (score < (double?)quality.Floor)
        {
            reasons.Insert(0, string.Create(CultureInfo.InvariantCulture, $"the batch scores {score:0.##%}, where {quality.Floor:0.##%} is the floor"));
        }

        var disagreeing = reports.Where(c => source.Sums.Any(s => s.Id == c.Rule) && c.IsExceeded).Select(c => $"'{c.Rule}': {c.Samples[0].Value}").ToList();
        if (reasons.Count == 0)
        {
            return disagreeing.Count == 0 ? (Verdict.Passed, null) : (Verdict.Warned, $"{work.Table}: {string.Join("; ", disagreeing)}.");
        }

        var reason = $"{work.Table}: {string.Join("; ", reasons)}.";
        return quality.Below switch
        {
            BelowFloor.Fail => (Verdict.Failed, $"{reason} Correct the files, or change 'quality' or the rule. Nothing was committed."),
            BelowFloor.Hold => (Verdict.Held, $"{reason} The batch stays in bronze and is judged again with what comes next."),
            _ => (Verdict.Warned, reason),
        };
    }

    private CheckReport ReportOf(RowCheck check, MeasuredPartition counts, int index, MeasuredBatch batch) => new()
    {
        Rule = check.Rule,
        Column = check.Column,
        Dimension = check.Dimension,
        Weight = check.Weight,
        Otherwise = check.Otherwise,
        Checked = counts.Checked[index],
        Failed = counts.Failed[index],
        AtMost = check.AtMost,
        Samples = index < batch.Samples.Count ? batch.Samples[index] : [],
    };

    // A sum is of all rows: it passes or fails as a whole, and does not count in the scores.
    private static CheckReport ReportOf(SumRuleDefinition rule, SumPair sums)
    {
        var differs = Math.Abs(sums.Left - sums.Right) > rule.Within;
        return new CheckReport
        {
            Rule = rule.Id,
            Dimension = rule.Dimension,
            Weight = 1,
            Otherwise = rule.Otherwise,
            Checked = 1,
            Failed = differs ? 1 : 0,
            Samples = differs ? [new FailedSample(null, null, string.Create(CultureInfo.InvariantCulture, $"the sum of {rule.Sum} is {sums.Left:0.######}, that of {rule.EqualTo} {sums.Right:0.######}"))] : [],
        };
    }

    private ColumnReport ColumnOf(ColumnDefinition column, int index, MeasuredPartition counts) => new()
    {
        Column = column.Name,
        Rows = counts.Readable,
        Missing = counts.Readable - counts.Present[index],
        Completeness = Share(counts.Present[index], counts.Readable),
        Accuracy = Weighted(counts, c => c.Column == column.Name && c.Dimension == Dimension.Accuracy),
        Schema = Share(counts.Typed[index], counts.Present[index]),
        Consistency = Weighted(counts, c => c.Column == column.Name && c.Dimension == Dimension.Consistency),
    };

    private PartitionReport PartitionOf(MeasuredPartition counts, TimeSpan? age)
    {
        var scores = ScoresOf(counts, age);
        var score = Mean(scores);
        return new PartitionReport { Partition = counts.Name, Rows = counts.Rows, Rejected = counts.Rows - counts.Valid, Scores = scores, Score = score, Tier = TierOf(score) };
    }

    private DimensionScores ScoresOf(MeasuredPartition counts, TimeSpan? age) => new()
    {
        Completeness = CompletenessOf(counts),
        Accuracy = Weighted(counts, c => c.Dimension == Dimension.Accuracy),
        Timeliness = TimelinessOf(counts, age),
        Schema = Weighted(counts, c => c.Dimension == Dimension.Schema),
        Consistency = Weighted(counts, c => c.Dimension == Dimension.Consistency),
    };

    private double? CompletenessOf(MeasuredPartition counts)
    {
        if (expected.Count > 0 || checks.All.Any(c => c.Dimension == Dimension.Completeness))
        {
            return Weighted(counts, c => c.Dimension == Dimension.Completeness);
        }

        return Share(counts.Present.Sum(), counts.Readable * source.Columns.Count);
    }

    // The age against the interval in which new data are expected, and rules of this dimension; where there are both, their mean.
    private double? TimelinessOf(MeasuredPartition counts, TimeSpan? age)
    {
        var rules = Weighted(counts, c => c.Dimension == Dimension.Timeliness);
        var freshness = age is { } old && quality.ExpectedEvery is { } interval ? Freshness(old, interval) : (double?)null;
        return (rules, freshness) switch
        {
            ({ } both, { } fresh) => Math.Round((both + fresh) / 2, ScoreDigits),
            _ => rules ?? freshness,
        };
    }

    /// <summary>1 up to the interval, then the interval's share of the age.</summary>
    public static double Freshness(TimeSpan age, TimeSpan interval) => age <= interval ? 1 : Math.Round(interval / age, ScoreDigits);

    // Passed over checked, each check by its weight.
    private double? Weighted(MeasuredPartition counts, Func<RowCheck, bool> belongs)
    {
        var (passed, all) = (0m, 0m);
        foreach (var (check, i) in checks.All.Select((c, i) => (c, i)).Where(c => belongs(c.c)))
        {
            passed += check.Weight * (counts.Checked[i] - counts.Failed[i]);
            all += check.Weight * counts.Checked[i];
        }

        return all == 0 ? null : Math.Round((double)(passed / all), ScoreDigits);
    }

    private static double? Share(long part, long all) => all == 0 ? null : Math.Round((double)part / all, ScoreDigits);

    private double? Mean(DimensionScores scores)
    {
        var measured = scores.Measured.ToList();
        return measured.Count == 0 ? null : Math.Round(measured.Sum(s => s.Score * (double)quality.WeightOf(s.Dimension)) / measured.Sum(s => (double)quality.WeightOf(s.Dimension)), ScoreDigits);
    }

    private Tier? TierOf(double? score) => score is not { } found ? null : found >= (double)quality.Gold ? Tier.Gold : found >= (double)quality.Silver ? Tier.Silver : Tier.Bronze;
}
