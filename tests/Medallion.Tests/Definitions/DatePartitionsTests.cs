using System.Globalization;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

public sealed class DatePartitionsTests
{
    [Theory]
    [InlineData("year=2023", "2024-01-01")]
    [InlineData("year=2023/month=4", "2023-05-01")]
    [InlineData("year=2023/month=12", "2024-01-01")]
    [InlineData("year=2024/month=2/day=29", "2024-03-01")]
    [InlineData("year=2023/month=2/day=29", null)]
    [InlineData("year=2023/month=13", null)]
    [InlineData("year=2023/month=", null)]
    [InlineData("year=", null)]
    [InlineData("year=-44", null)]
    [InlineData("month=4", null)]
    [InlineData("country=CH", null)]
    public void EndOf_Partition_IsTheFirstDayAfterIt(string partition, string? expected)
    {
        var parts = partition.Split('/').Select(p => p.Split('=')).ToList();

        var end = DatePartitions.EndOf([.. parts.Select(p => p[0])], parts.ToDictionary(p => p[0], p => p[1].Length == 0 ? null : p[1]));

        Assert.Equal(expected, end?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
