using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.Medallion.Tests.Definitions;

/// <summary>The keys schedule and maintenance of pipeline.yaml.</summary>
public sealed class ScheduleAndMaintenanceTests(MedallionFixture medallion)
{
    private const string Source = """
        name: shop
        sources:
          orders:
            connector: file
            path: shop/orders.csv
            partition: {by: ordered, as: [year, month]}
            columns:
              id: {type: bigint}
              ordered: {type: date}

        """;

    [Theory]
    [InlineData("schedule: '0 30 2 * * *'", "0 30 2 * * *", "UTC", MissedRuns.Once)]
    [InlineData("schedule: {cron: '30 2 * * *', time_zone: Europe/Zurich, missed: skip}", "30 2 * * *", "Europe/Zurich", MissedRuns.Skip)]
    public void Schedule_Forms_AreUnderstood(string yaml, string cron, string zone, MissedRuns missed)
    {
        var schedule = TestDefinition.Compile(medallion, Source + yaml).Definition.Schedule;

        Assert.Equal((cron, zone, missed), (schedule?.Cron, schedule?.TimeZone, schedule?.Missed));
    }

    [Fact]
    public void Absent_NoScheduleAndMaintenanceByDefault()
    {
        var definition = TestDefinition.Compile(medallion, Source).Definition;

        Assert.Null(definition.Schedule);
        Assert.Equal((true, 256L << 20, 0), (definition.Maintenance.Optimize, definition.Maintenance.TargetSizeBytes, definition.Maintenance.Retention.Count));
    }

    [Fact]
    public void Maintenance_Whole_IsUnderstood()
    {
        var maintenance = TestDefinition.Compile(medallion, Source + "maintenance: {retention: {silver.orders: 400d}, optimize: false, target_size: 128MB}").Definition.Maintenance;

        Assert.Equal((false, 128_000_000L), (maintenance.Optimize, maintenance.TargetSizeBytes));
        var retention = Assert.Single(maintenance.Retention);
        Assert.Equal((TableKey.Parse("silver.orders"), TimeSpan.FromDays(400), 10), (retention.Table, retention.Age, retention.Line.Number));
    }

    [Theory]
    [InlineData("schedule: '0 0 25 * * *'", "pipeline.yaml:10: the schedule '0 0 25 * * *' is not an NCRONTAB expression")]
    [InlineData("schedule:", "pipeline.yaml:10: the file has no 'schedule'")]
    [InlineData("schedule: [a]", "pipeline.yaml:10: 'schedule' is a list: expected keys and values", "pipeline.yaml:10: 'schedule' has no 'cron'")]
    [InlineData("schedule:\n  cron: 0 30 2 * * *\n  time_zone: Zurich", "pipeline.yaml:12: the schedule 'Zurich' is not a time zone")]
    [InlineData("schedule:\n  cron: every day\n  missed: twice", "pipeline.yaml:12: 'missed' in 'schedule' is 'twice': expected one of once, skip", "pipeline.yaml:11: the schedule 'every day' has 2 field(s)")]
    [InlineData("schedule: {cron: 0 30 2 * * *, zone: UTC}", "pipeline.yaml:10: unknown key 'zone' in 'schedule'")]
    [InlineData("maintenance: {vacum: true}", "pipeline.yaml:10: unknown key 'vacum' in 'maintenance'")]
    [InlineData("maintenance: {target_size: 2TB}", "pipeline.yaml:10: 'target_size' is '2TB': expected a size from 1MB to 1GiB")]
    [InlineData("maintenance: {target_size: 1}", "pipeline.yaml:10: 'target_size' is '1': expected a size")]
    [InlineData("maintenance: {optimize: maybe}", "pipeline.yaml:10: 'optimize' in 'maintenance' is 'maybe': expected true or false")]
    [InlineData("maintenance:\n  retention:\n    bronze.orders: 90d", "pipeline.yaml:12: 'bronze.orders' cannot have a retention: silver is rebuilt from bronze")]
    [InlineData("maintenance:\n  retention:\n    rejected.orders: 90d", "pipeline.yaml:12: 'rejected.orders' cannot have a retention: it is not partitioned by date")]
    [InlineData("maintenance:\n  retention:\n    silver.sales: 90d", "pipeline.yaml:12: the retention names 'silver.sales', which the pipeline does not make")]
    [InlineData("maintenance:\n  retention:\n    orders: 90d", "pipeline.yaml:12: 'orders' is not a table")]
    [InlineData("maintenance:\n  retention:\n    silver.orders: 0d", "pipeline.yaml:12: the retention of 'silver.orders' is '0d': expected days, from 1d to 36500d")]
    [InlineData("maintenance:\n  retention:\n    silver.orders: 2 years", "pipeline.yaml:12: the retention of 'silver.orders' is '2 years': expected days")]
    [InlineData("maintenance:\n  retention:\n    silver.orders:", "pipeline.yaml:12: 'retention' has no 'silver.orders'")]
    public void Compile_Wrong_IsRefusedWithLine(string yaml, params string[] expected)
    {
        var problems = TestDefinition.Problems(medallion, Source + yaml);

        Assert.Equal(expected.Length, problems.Count);
        Assert.All(expected, text => Assert.Contains(problems, p => p.StartsWith(text, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("[month]", "it is partitioned by [month], whose age cannot be told")]
    [InlineData("[year, day]", "it is partitioned by [year, day], whose age cannot be told")]
    public void Compile_RetentionOfPartitionsWithoutAnAge_IsRefused(string parts, string expected)
    {
        var yaml = Source.Replace("[year, month]", parts, StringComparison.Ordinal) + "maintenance: {retention: {silver.orders: 90d}}";

        Assert.Contains(expected, TestDefinition.Problem(medallion, yaml), StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_RetentionWithoutPartitions_SaysHowToHaveThem()
    {
        var yaml = Source.Replace("    partition: {by: ordered, as: [year, month]}\n", "", StringComparison.Ordinal) + "maintenance: {retention: {silver.orders: 90d}}";

        Assert.Contains("it is not partitioned, and whole partitions are what goes. Give source 'orders' a partition", TestDefinition.Problem(medallion, yaml), StringComparison.Ordinal);
    }
}
