using System.Globalization;
using NCrontab;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>When a timer is due, in UTC: an NCRONTAB expression of six fields (or five, at second 0), or an interval (hh:mm:ss).</summary>
internal sealed class TimerSchedule
{
    private readonly CrontabSchedule? crontab;
    private readonly TimeSpan interval;

    public TimerSchedule(string expression, string where)
    {
        var fields = expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        crontab = fields.Length > 1
            ? CrontabSchedule.TryParse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = fields.Length == 6 })
            : null;
        if (crontab is null
            && !(fields.Length == 1 && TimeSpan.TryParse(expression, CultureInfo.InvariantCulture, out interval) && interval > TimeSpan.Zero))
        {
            throw new FunctionsHostException(
                $"{where}: the schedule '{expression}' is neither an NCRONTAB expression ('{{second}} {{minute}} {{hour}} {{day}} {{month}} {{day-of-week}}') nor an interval (hh:mm:ss).");
        }
    }

    /// <summary>The first due time after <paramref name="time"/>.</summary>
    public DateTime Next(DateTime time) => crontab?.GetNextOccurrence(time) ?? time + interval;
}
