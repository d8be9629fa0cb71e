using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Scheduling;

/// <summary>Reads the key <c>schedule</c> of pipeline.yaml: an expression, or a mapping.</summary>
internal static class ScheduleReader
{
    private const string Key = "schedule";

    /// <summary>What the key says, null where it is absent; what cannot be is noted with its line.</summary>
    public static ScheduleDefinition? Read(YamlMap root)
    {
        if (!root.Has(Key))
        {
            return null;
        }

        if (root.IsText(Key))
        {
            return root.RequiredText(Key) is { Length: > 0 } cron ? Check(root, Key, Key, new ScheduleDefinition { Cron = cron, Line = root.LineOf(Key) }) : null;
        }

        if (root.Map(Key, $"'{Key}'") is not { } map)
        {
            return null;
        }

        map.AllowOnly(PipelineKeys.Schedule);
        var schedule = new ScheduleDefinition
        {
            Cron = map.RequiredText("cron"),
            TimeZone = map.Text("time_zone") ?? "UTC",
            Missed = map.Choice("missed", MissedRuns.Once),
            Line = map.LineOf("cron"),
        };
        return schedule.Cron.Length > 0 ? Check(map, "cron", "time_zone", schedule) : null;
    }

    private static ScheduleDefinition? Check(YamlMap map, string cronKey, string zoneKey, ScheduleDefinition schedule)
    {
        // One after the other, so that each problem has its own line.
        foreach (var (key, cron, zone) in new[] { (cronKey, schedule.Cron, "UTC"), (zoneKey, "0 0 * * *", schedule.TimeZone) })
        {
            try
            {
                RunSchedule.Parse(cron, zone);
            }
            catch (FormatException error)
            {
                map.ProblemAt(key, $"the schedule {error.Message}");
                return null;
            }
        }

        return schedule;
    }
}
