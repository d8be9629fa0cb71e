using NCrontab;

namespace Pipeline.Medallion.Scheduling;

/// <summary>The times of an NCRONTAB expression in a time zone.</summary>
/// <remarks>Where the clocks change: a time that they skip is due at the moment they skip it, a time that they show twice is due the first time. An
/// expression whose hour begins with '*' means a rhythm instead: it goes on as the clock shows, also twice.</remarks>
public sealed class RunSchedule
{
    // The longest gap of a date that exists: 29 February, over a century that is no leap year.
    private const int HorizonYears = 9;
    private static readonly TimeSpan Stride = TimeSpan.FromDays(7);
    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);
    private static readonly TimeSpan FirstWindow = TimeSpan.FromMinutes(2);
    private readonly CrontabSchedule crontab;
    private readonly TimeZoneInfo zone;
    private readonly bool isRhythm;

    private RunSchedule(CrontabSchedule crontab, TimeZoneInfo zone, bool isRhythm) => (this.crontab, this.zone, this.isRhythm) = (crontab, zone, isRhythm);

    /// <summary>Understands an expression and a time zone.</summary>
    /// <exception cref="FormatException">One of them is not known, or the expression never comes true; the message says which, what was found and what was expected.</exception>
    public static RunSchedule Parse(string cron, string timeZone)
    {
        ArgumentNullException.ThrowIfNull(cron);
        var fields = cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is not (5 or 6))
        {
            throw new FormatException($"'{cron}' has {fields.Length} field(s): expected {{second}} {{minute}} {{hour}} {{day}} {{month}} {{day-of-week}}, such as '0 30 2 * * *', or the same without the seconds");
        }

        try
        {
            var crontab = CrontabSchedule.Parse(cron, new CrontabSchedule.ParseOptions { IncludingSeconds = fields.Length == 6 });
            var schedule = new RunSchedule(crontab, TimeZoneInfo.FindSystemTimeZoneById(timeZone), fields[^4].StartsWith('*'));
            return schedule.Next(DateTimeOffset.UnixEpoch) is not null ? schedule : throw new FormatException($"'{cron}' never comes true: there is no such day");
        }
        catch (CrontabException error)
        {
            throw new FormatException($"'{cron}' is not an NCRONTAB expression: {error.Message.TrimEnd('.')}", error);
        }
        catch (Exception error) when (error is TimeZoneNotFoundException or InvalidTimeZoneException or ArgumentException)
        {
            throw new FormatException($"'{timeZone}' is not a time zone: expected the IANA name of one, such as Europe/Zurich or UTC", error);
        }
    }

    /// <summary>The schedule of a definition that was checked.</summary>
    public static RunSchedule Of(ScheduleDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return Parse(definition.Cron, definition.TimeZone);
    }

    /// <summary>The first due time after a time; null: there is none within nine years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var horizon = after.AddYears(HorizonYears);
        for (var from = after.ToUniversalTime().AddTicks(1); from < horizon;)
        {
            // One offset at a time: within it, wall clock and time go alike.
            var offset = zone.GetUtcOffset(from);
            if (FirstIn(from, offset) is not { } local)
            {
                return null;
            }

            var end = EndOf(from, offset);
            var due = new DateTimeOffset(local, offset).ToUniversalTime();
            if (due < end)
            {
                return due;
            }

            var skipped = zone.GetUtcOffset(end) - offset;
            if (!isRhythm && skipped > TimeSpan.Zero && due < end + skipped)
            {
                return end;
            }

            // Nothing is due long before the next time on this clock, on whatever clock.
            from = due - OneDay > end ? due - OneDay : end;
        }

        return null;
    }

    /// <summary>The last due time after a time and not later than another; null: there is none.</summary>
    public DateTimeOffset? Last(DateTimeOffset after, DateTimeOffset until)
    {
        for (var window = FirstWindow; ; window *= 8)
        {
            var from = until - window > after ? until - window : after;
            DateTimeOffset? last = null;
            for (var due = Next(from); due <= until; due = Next(due.Value))
            {
                last = due;
            }

            if (last is not null || from == after)
            {
                return last;
            }
        }
    }

    // The first time at or after a moment, by a clock of one offset; what the clock shows for the second time is past unless it is a rhythm.
    private DateTime? FirstIn(DateTimeOffset from, TimeSpan offset)
    {
        var start = (from + offset).UtcDateTime.AddTicks(-1);
        var end = start.AddYears(HorizonYears);
        for (var due = crontab.GetNextOccurrence(DateTime.SpecifyKind(start, DateTimeKind.Unspecified), end); due < end; due = crontab.GetNextOccurrence(due, end))
        {
            if (isRhythm || !zone.IsAmbiguousTime(due) || zone.GetAmbiguousTimeOffsets(due).Max() == offset)
            {
                return due;
            }
        }

        return null;
    }

    // When the offset ends; at most a stride away.
    private DateTimeOffset EndOf(DateTimeOffset from, TimeSpan offset)
    {
        var (low, high) = (from, from + Stride);
        if (zone.GetUtcOffset(high) == offset)
        {
            return high;
        }

        while (high - low > TimeSpan.FromTicks(1))
        {
            var middle = low + ((high - low) / 2);
            (low, high) = zone.GetUtcOffset(middle) == offset ? (middle, high) : (low, middle);
        }

        return high;
    }
}
