using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Maintenance;

/// <summary>Removes whole partitions whose dates all lie longer back than they are kept, in one commit.</summary>
/// <remarks>The commit removes rows, and says so: tables that are made of this one see it as any other change of their input and are made anew from what is
/// left, so that they never hold half of what is gone. A partition without a date stays: its age cannot be told.</remarks>
internal sealed class PartitionRetention(TimeProvider clock)
{
    private const int PartitionsNamed = 10;

    /// <exception cref="TransientException">Another commit was first, or the storage did not answer: nothing has changed.</exception>
    /// <exception cref="TerminalException">The table is not partitioned by dates, or is append-only.</exception>
    public async Task<OperationReport> RunAsync(DeltaTable table, TimeSpan age, bool dryRun, CancellationToken cancellationToken)
    {
        var nothing = new OperationReport { Operation = MaintenanceOperation.Retention, Status = MaintenanceStatus.Nothing };
        if (await table.ReadAsync((long?)null, cancellationToken) is not { } snapshot)
        {
            return nothing;
        }

        if (!DatePartitions.IsOrdered(snapshot.PartitionColumns))
        {
            throw new TerminalException($"The table {table.Root} is partitioned by [{string.Join(", ", snapshot.PartitionColumns)}] until its pipeline has run by its definition; "
                + "a retention needs [year], [year, month] or [year, month, day]. Run the pipeline. Nothing was removed.");
        }

        var kept = DateOnly.FromDateTime((clock.GetUtcNow() - age).UtcDateTime);
        var old = snapshot.Files.Where(file => DatePartitions.EndOf(snapshot.PartitionColumns, file.PartitionValues) is { } end && end <= kept).ToList();
        if (old.Count == 0)
        {
            return nothing;
        }

        var rows = old.All(file => file.Statistics?.Rows is not null) ? old.Sum(file => file.Statistics?.Rows ?? 0) : (long?)null;
        var report = nothing with
        {
            Status = MaintenanceStatus.Done,
            Files = old.Count,
            Bytes = old.Sum(file => file.SizeBytes),
            Rows = rows,
            Partitions = [.. old.Select(file => Name(snapshot.PartitionColumns, file)).Distinct().Order(StringComparer.Ordinal).Take(PartitionsNamed)],
        };
        if (dryRun)
        {
            return report;
        }

        var committed = await table.CommitAsync(
            new DeltaCommit
            {
                Operation = "RETENTION",
                Mode = CommitMode.Replace,
                Schema = snapshot.Schema,
                PartitionColumns = snapshot.PartitionColumns,
                Remove = [.. old.Select(file => file.Path)],
                ReadVersion = snapshot.Version,
                Metrics = new Dictionary<string, string>
                {
                    ["keptFrom"] = kept.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    ["numDeletedRows"] = rows?.ToString(CultureInfo.InvariantCulture) ?? "unknown",
                },
            },
            cancellationToken);
        return report with { Version = committed.Version };
    }

    private static string Name(IReadOnlyList<string> columns, AddFile file) => string.Join('/', columns.Select(column => $"{column}={file.PartitionValues.GetValueOrDefault(column)}"));
}
