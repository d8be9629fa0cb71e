using System.Globalization;

namespace Microsoft.DurableTask.Engine.History;

/// <summary>Ids of messages: they sort by time, and the same cause has the same id.</summary>
internal static class MessageIds
{
    public static string Of(DateTime time, string executionId, int taskId) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.Ticks:D19}-{executionId}-{taskId:D8}");

    public static string New(DateTimeOffset time) => Of(time.UtcDateTime, Guid.NewGuid().ToString("N"), 0);
}
