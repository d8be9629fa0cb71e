using System.Globalization;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.Medallion.Tests.Scheduling;

public sealed class RunScheduleTests
{
    private const string Zurich = "Europe/Zurich";

    [Theory]
    [InlineData("0 30 2 * * *", "UTC", "2026-01-10T02:29:59.9999999Z", "2026-01-10T02:30:00Z,2026-01-11T02:30:00Z")]
    [InlineData("0 30 2 * * *", "UTC", "2026-01-10T02:30:00Z", "2026-01-11T02:30:00Z")]
    [InlineData("30 2 * * *", Zurich, "2026-01-10T12:00:00Z", "2026-01-11T01:30:00Z")]
    [InlineData("30 2 * * *", Zurich, "2026-07-10T12:00:00Z", "2026-07-11T00:30:00Z")]
    [InlineData("*/20 * * * * *", "UTC", "2026-01-10T12:00:01Z", "2026-01-10T12:00:20Z,2026-01-10T12:00:40Z,2026-01-10T12:01:00Z")]
    [InlineData("0 0 6 * * 1", "UTC", "2026-01-10T00:00:00Z", "2026-01-12T06:00:00Z,2026-01-19T06:00:00Z")]
    [InlineData("0 0 0 29 2 *", "UTC", "2026-01-10T00:00:00Z", "2028-02-29T00:00:00Z,2032-02-29T00:00:00Z")]
    [InlineData("0 0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z")]
    [InlineData("0 0 9 1 7 *", "America/New_York", "2026-01-10T00:00:00Z", "2026-07-01T13:00:00Z,2027-07-01T13:00:00Z")]
    public void Next_Expression_IsInItsTimeZone(string cron, string zone, string after, string expected) => Assert.Equal(expected, Times(cron, zone, after, expected));

    /// <summary>On 29 March 2026 the clocks of Zurich go from 2:00 to 3:00, which is 1:00 UTC.</summary>
    [Theory]
    [InlineData("0 30 2 * * *", "2026-03-27T12:00:00Z", "2026-03-28T01:30:00Z,2026-03-29T01:00:00Z,2026-03-30T00:30:00Z")]
    [InlineData("0 0,15,45 2 * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z,2026-03-30T00:00:00Z")]
    [InlineData("0 0 2,3 * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z,2026-03-30T00:00:00Z,2026-03-30T01:00:00Z")]
    [InlineData("0 0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z,2026-03-30T01:00:00Z")]
    [InlineData("0 30 * * * *", "2026-03-28T23:45:00Z", "2026-03-29T00:30:00Z,2026-03-29T01:30:00Z,2026-03-29T02:30:00Z")]
    [InlineData("0 30 2 29 3 *", "2025-12-01T00:00:00Z", "2026-03-29T01:00:00Z,2027-03-29T00:30:00Z")]
    public void Next_ClocksGoForward_TheSkippedTimeIsDueThen(string cron, string after, string expected) => Assert.Equal(expected, Times(cron, Zurich, after, expected));

    /// <summary>On 25 October 2026 the clocks of Zurich go from 3:00 back to 2:00, which is 1:00 UTC.</summary>
    [Theory]
    [InlineData("0 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z,2026-10-26T01:30:00Z")]
    [InlineData("0 30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("0 30 2 * * *", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("0 0 3 * * *", "2026-10-24T12:00:00Z", "2026-10-25T02:00:00Z,2026-10-26T02:00:00Z")]
    [InlineData("0 */30 * * * *", "2026-10-24T23:45:00Z", "2026-10-25T00:00:00Z,2026-10-25T00:30:00Z,2026-10-25T01:00:00Z,2026-10-25T01:30:00Z,2026-10-25T02:00:00Z")]
    public void Next_ClocksGoBack_OnlyARhythmIsDueTwice(string cron, string after, string expected) => Assert.Equal(expected, Times(cron, Zurich, after, expected));

    [Theory]
    [InlineData("0 0 * * * *", "2026-01-10T12:00:00Z", "2026-01-10T12:59:59Z", null)]
    [InlineData("0 0 * * * *", "2026-01-10T12:00:00Z", "2026-01-10T13:00:00Z", "2026-01-10T13:00:00Z")]
    [InlineData("0 0 * * * *", "2025-01-10T12:00:00Z", "2026-01-10T13:59:59Z", "2026-01-10T13:00:00Z")]
    [InlineData("* * * * * *", "2020-01-10T12:00:00Z", "2026-01-10T13:59:59Z", "2026-01-10T13:59:59Z")]
    [InlineData("0 0 0 1 1 *", "2020-06-01T00:00:00Z", "2026-01-10T13:59:59Z", "2026-01-01T00:00:00Z")]
    [InlineData("0 0 0 1 1 *", "2026-01-01T00:00:00Z", "2026-01-10T13:59:59Z", null)]
    public void Last_OfMany_IsTheNewest(string cron, string after, string until, string? expected) =>
        Assert.Equal(expected is null ? null : Time(expected), RunSchedule.Parse(cron, "UTC").Last(Time(after), Time(until)));

    [Theory]
    [InlineData("2:30", "UTC", "'2:30' has 1 field(s): expected {second} {minute} {hour} {day} {month} {day-of-week}")]
    [InlineData("0 0 25 * * *", "UTC", "'0 0 25 * * *' is not an NCRONTAB expression: ")]
    [InlineData("0 0 0 30 2 *", "UTC", "'0 0 0 30 2 *' never comes true")]
    [InlineData("0 0 2 * * *", "Middle/Earth", "'Middle/Earth' is not a time zone: expected the IANA name of one, such as Europe/Zurich")]
    [InlineData("0 0 2 * * *", "", "'' is not a time zone")]
    [InlineData("0 0 2 * * *", "../../etc/passwd", "'../../etc/passwd' is not a time zone")]
    public void Parse_Wrong_SaysWhatIsExpected(string cron, string zone, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<FormatException>(() => RunSchedule.Parse(cron, zone)).Message, StringComparison.Ordinal);

    private static string Times(string cron, string zone, string after, string expected)
    {
        var schedule = RunSchedule.Parse(cron, zone);
        var times = new List<string>();
        var at = Time(after);
        while (times.Count < expected.Split(',').Length)
        {
            at = Assert.IsType<DateTimeOffset>(schedule.Next(at));
            times.Add(at.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
        }

        return string.Join(',', times);
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
