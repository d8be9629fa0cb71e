using System.Globalization;

namespace Pipeline.Medallion.Quality.Profiling;

/// <summary>A column's figures as they come in, pass by pass.</summary>
internal sealed class ProfiledColumn
{
    private readonly IReadOnlyDictionary<string, object?> measured;

    public ProfiledColumn(ColumnFigures figures, long rows, IReadOnlyDictionary<string, object?> measured)
    {
        this.measured = measured;
        Figures = figures;
        Rows = rows;
        Count = Long("count") ?? 0;
        Blanks = Long("blanks") ?? 0;
        EstimatedDistinct = Long("distinct") ?? 0;
        var isTime = figures.IsTemporal || Matching(ValueKind.Date) + Matching(ValueKind.Timestamp) > Matching(ValueKind.Number);
        IsDate = figures.Column.Type == "DATE" || (isTime && figures.IsText && Matching(ValueKind.Timestamp) == 0);

        // What few texts are by chance tells nothing of the others.
        var isMost = !figures.IsText || 2 * Math.Max(Matching(ValueKind.Date) + Matching(ValueKind.Timestamp), Matching(ValueKind.Number)) >= Values;
        var range = !isMost ? "none" : isTime ? "time" : "number";
        Profile = new ColumnProfile
        {
            Name = figures.Column.Name,
            Type = figures.Column.Type,
            Nulls = rows - Count,
            Blanks = Blanks,
            Distinct = figures.HasValues ? EstimatedDistinct : null,
            Min = Bound(Text($"{range}Min"), isTime),
            Max = Bound(Text($"{range}Max"), isTime),
            Average = !isTime && measured.GetValueOrDefault($"{range}Average") is double average && double.IsFinite(average) ? average : null,
            Quantiles = QuantilesOf(range, isTime),
            Length = Long("shortest") is { } shortest && Long("longest") is { } longest ? new LengthRange(shortest, longest) : null,
            Matches = figures.IsText && Values > 0
                ? ValueKind.All.Where(k => Long(k.Name) > 0).ToDictionary(k => k.Name, ShareOf)
                : new Dictionary<string, double>(),
            Pattern = ColumnFigures.PatternOf(Text("leastShape"), Text("greatestShape")),
        };
    }

    public ColumnFigures Figures { get; }

    public ColumnProfile Profile { get; private set; }

    /// <summary>The rows that were looked at.</summary>
    public long Rows { get; }

    /// <summary>Those with a value, blank ones too.</summary>
    public long Count { get; }

    public long Blanks { get; }

    /// <summary>Those with a value that is not blank.</summary>
    public long Values => Count - Blanks;

    public long EstimatedDistinct { get; }

    /// <summary>Whether every row has a value, and there are about as many different ones; fractions and times are no keys.</summary>
    public bool MayBeKey => Rows > 0 && Values == Rows && EstimatedDistinct >= 0.9 * Rows
        && (Figures.IsText ? Profile.Length is { Max: <= 100 } && !IsAll(ValueKind.Timestamp) && (IsAll(ValueKind.Integer) || !IsAll(ValueKind.Number)) : Figures.Column.Type is "BIGINT" or "INTEGER");

    /// <summary>Whether it is known that no two rows have the same value, also once it is typed: blanks around it are lost then.</summary>
    public bool IsKey => MayBeKey && Profile.IsDistinctExact && Profile.Distinct == Rows && !HasPadding;

    /// <summary>Whether a value has blanks around it.</summary>
    public bool HasPadding => Long("padded") > 0;

    /// <summary>Whether its times are days.</summary>
    public bool IsDate { get; }

    /// <summary>The most digits before and after the point.</summary>
    public (long Digits, long Scale) Digits => (Long("digits") ?? 0, Long("scale") ?? 0);

    /// <summary>The rows whose text is of a kind.</summary>
    public long Matching(ValueKind kind) => Long(kind.Name) ?? 0;

    // What is not all is never told as 1.
    private double ShareOf(ValueKind kind) => Matching(kind) == Values ? 1 : Math.Min(0.999999, Math.Round(Matching(kind) / (double)Values, 6));

    /// <summary>Whether every text is of a kind.</summary>
    public bool IsAll(ValueKind kind) => Figures.IsText && Values > 0 && Matching(kind) == Values;

    public void SetTop(long distinct, IReadOnlyList<(string Value, long Count)> top, int longest)
    {
        SetDistinct(distinct);
        Profile = Profile with
        {
            Top = [.. top.Select(t => new TopValue(Cut(t.Value, longest), t.Count, Math.Round(t.Count / (double)Count, 6)))],
        };
    }

    public void SetDistinct(long distinct) => Profile = Profile with { Distinct = distinct, IsDistinctExact = true };

    private QuantileValues? QuantilesOf(string range, bool isTime)
    {
        if (measured.GetValueOrDefault($"{range}Quantiles") is not IReadOnlyList<object?> { Count: 5 } values)
        {
            return null;
        }

        var texts = values.Select(v => Convert.ToDouble(v, CultureInfo.InvariantCulture)).Select(v => isTime ? Time(v) : Math.Round(v, 6).ToString(CultureInfo.InvariantCulture)).ToList();
        return new QuantileValues(texts[0], texts[1], texts[2], texts[3], texts[4]);
    }

    // Of text the numbers were read as fractions, and days as midnights.
    private string? Bound(string? text, bool isTime) => text is null ? null
        : isTime ? IsDate ? (Figures.IsText ? text[..10] : text) : text.Replace(' ', 'T').Replace("+00", "Z", StringComparison.Ordinal)
        : Figures.IsText && text.EndsWith(".0", StringComparison.Ordinal) ? text[..^2] : text;

    private static string Cut(string value, int longest) => value.Length <= longest ? value
        : $"{value[..(char.IsHighSurrogate(value[longest - 1]) ? longest - 1 : longest)]}…";

    private string Time(double seconds)
    {
        var time = DateTimeOffset.UnixEpoch.AddSeconds(Math.Clamp(Math.Round(seconds), DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
        return time.ToString(IsDate ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
    }

    private long? Long(string name) => measured.GetValueOrDefault(name) is { } value ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;

    private string? Text(string name) => measured.GetValueOrDefault(name) as string;
}
