using System.Globalization;
using System.Text;

namespace Pipeline.Faults.Streaming;

/// <summary>An event as the broker acknowledged it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Incarnation">How often the partition had begun anew.</param>
/// <param name="Offset">Its offset there.</param>
internal readonly record struct SentEvent(long Id, int Partition, int Incarnation, long Offset)
{
    private const int Sites = 5;

    /// <summary>What its row is said to be from.</summary>
    public string File => FileOf(Partition, Incarnation);

    /// <summary>What rows of a partition are said to be from.</summary>
    public static string FileOf(int partition, int incarnation) => incarnation == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{StreamSandbox.Hub}/{partition}")
        : string.Create(CultureInfo.InvariantCulture, $"{StreamSandbox.Hub}/{partition}@{incarnation}");

    /// <summary>SQL for whether an event is valid: a tenth is not.</summary>
    public static string IsValidSql(string id) => $"({id}) % 10 <> 9";

    /// <summary>The body of the event of that number.</summary>
    public static byte[] Body(long id, DateTimeOffset taken) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $$"""{"id":{{id}},"site":"site {{id % Sites}}","amount":{{(id % 10 == 9 ? -1 : id % 1000 / 4m)}},"taken":"{{taken.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}"}"""));
}
