using System.Globalization;

namespace Pipeline.Local;

/// <summary>How good the rows of a run were, for people.</summary>
internal static class QualityResult
{
    private const int MostSamples = 3;
    private const int LongestValue = 60;
    private static readonly string[] Dimensions = ["completeness", "accuracy", "timeliness", "schema", "consistency"];

    /// <summary>Each table with its scores, then the rules that rows failed, with some of those rows, then what is held or failed.</summary>
    public static void Show(Screen screen, IReadOnlyList<TableQuality> tables)
    {
        if (tables.Count == 0)
        {
            return;
        }

        screen.Heading("Quality");
        Scores(tables).Write(screen);
        var failed = tables.SelectMany(t => t.Checks.Where(c => c.Failed > 0).Select(c => (t.Table, Check: c))).ToList();
        if (failed.Count > 0)
        {
            screen.Heading("Rules that rows failed");
            Rules(failed).Write(screen);
        }

        var samples = failed.SelectMany(f => f.Check.Samples.Take(MostSamples).Select(s => (IReadOnlyList<string>)[f.Table, f.Check.Rule, s.File ?? "", s.Row is { } row ? Grid.Number(row) : "", Short(s.Value, LongestValue)])).ToList();
        if (samples.Count > 0)
        {
            screen.Heading("Some of those rows");
            new Grid([new("table"), new("rule"), new("file"), new("row", IsNumber: true), new("value")], samples).Write(screen);
        }

        foreach (var line in tables.SelectMany(Notes))
        {
            screen.Line(line);
        }
    }

    /// <summary>A share as a percentage; what is not all is never shown as 100 %.</summary>
    public static string Percent(double? share) => share switch
    {
        null => "",
        > 0 and < 0.0001 => "<0.01 %",
        var some => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(Math.Round(some.Value * 10_000, 6)) / 100:0.##} %"),
    };

    /// <summary>A value on one line, and not all of it where it is long.</summary>
    public static string Short(string? value, int longest)
    {
        var line = string.Concat((value ?? "").Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= longest ? line : $"{line[..longest]}…";
    }

    private static Grid Scores(IReadOnlyList<TableQuality> tables) => new(
        [
            new("table"), new("rows", IsNumber: true), new("gold", IsNumber: true), new("silver", IsNumber: true),
            .. Dimensions.Select(dimension => new Grid.Column(dimension, IsNumber: true)), new("score", IsNumber: true), new("tier"), new("verdict"),
        ],
        [.. tables.Select(t => (IReadOnlyList<string>)
        [
            t.Table, Grid.Number(t.Rows), t.Tiers is { } gold ? Grid.Number(gold.Gold) : "", t.Tiers is { } silver ? Grid.Number(silver.Silver) : "",
            .. Dimensions.Select(dimension => Percent(t.Scores.GetValueOrDefault(dimension))), Percent(t.Score), t.Tier ?? "", t.Verdict ?? "",
        ])]);

    private static Grid Rules(IReadOnlyList<(string Table, QualityCheck Check)> failed) => new(
        [
            new("table"), new("rule"), new("dimension"), new("failed", IsNumber: true), new("of", IsNumber: true), new("share", IsNumber: true), new("allowed", IsNumber: true), new("otherwise"), new("verdict"),
        ],
        [.. failed.Select(f => (IReadOnlyList<string>)
        [
            f.Table, f.Check.Rule, f.Check.Dimension ?? "", Grid.Number(f.Check.Failed), Grid.Number(f.Check.Checked), Percent(f.Check.Share), Percent(f.Check.AtMost), f.Check.Otherwise ?? "", f.Check.Verdict ?? "",
        ])]);

    private static IEnumerable<string> Notes(TableQuality table)
    {
        if (table.Verdict is "held" or "failed")
        {
            yield return $"{table.Table} {table.Verdict}: {table.Reason}";
        }

        foreach (var warning in table.Warnings)
        {
            yield return $"{table.Table}: {warning}";
        }
    }

}
