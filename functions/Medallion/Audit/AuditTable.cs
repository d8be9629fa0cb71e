using System.Globalization;
using Azure.Data.Tables;

namespace Pipeline.Medallion.Audit;

/// <summary>How entries lie in the Azure table <c>audit</c>: a partition for every hour, rows in the order of time.</summary>
internal static class AuditTable
{
    public const string Name = "audit";
    private const int MostCharacters = 4000;

    /// <summary>The partition of a time; partitions are in the order of time.</summary>
    public static string HourOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH", CultureInfo.InvariantCulture);

    public static TableEntity Write(AuditEntry entry)
    {
        var row = new TableEntity(HourOf(entry.TimeUtc), entry.Id)
        {
            [nameof(entry.TimeUtc)] = entry.TimeUtc,
            [nameof(entry.Who)] = entry.Who,
            [nameof(entry.What)] = entry.What,
            [nameof(entry.Target)] = entry.Target,
            [nameof(entry.Outcome)] = $"{entry.Outcome}",
            [nameof(entry.DurationMs)] = entry.DurationMs,
        };
        if (entry.From is not null)
        {
            row[nameof(entry.From)] = entry.From;
        }

        if (entry.Status is { } status)
        {
            row[nameof(entry.Status)] = status;
        }

        foreach (var (name, text) in new[] { (nameof(entry.Detail), entry.Detail), (nameof(entry.Result), entry.Result) })
        {
            if (text is not null)
            {
                row[name] = text.Length > MostCharacters ? string.Concat(text.AsSpan(0, MostCharacters), " …") : text;
            }
        }

        return row;
    }

    public static AuditEntry Read(TableEntity row) => new()
    {
        Id = row.RowKey,
        TimeUtc = row.GetDateTimeOffset(nameof(AuditEntry.TimeUtc)) ?? default,
        Who = row.GetString(nameof(AuditEntry.Who)),
        What = row.GetString(nameof(AuditEntry.What)),
        Target = row.GetString(nameof(AuditEntry.Target)),
        From = row.GetString(nameof(AuditEntry.From)),
        Outcome = Enum.Parse<AuditOutcome>(row.GetString(nameof(AuditEntry.Outcome))),
        Status = row.GetInt32(nameof(AuditEntry.Status)),
        DurationMs = row.GetInt64(nameof(AuditEntry.DurationMs)) ?? 0,
        Detail = row.GetString(nameof(AuditEntry.Detail)),
        Result = row.GetString(nameof(AuditEntry.Result)),
    };
}
