using System.Globalization;
using Azure.Data.Tables;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Maintenance;

/// <summary>Remembers maintenances and what they did to each table, in the Azure table <c>maintenance</c>.</summary>
public sealed class MaintenanceStore(TableServiceClient tables, TimeProvider clock)
{
    private const string Records = "maintenance";
    private const string Prefix = "maintenance-";
    private readonly StateTable maintenance = new(tables, "maintenance");

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => maintenance.CreateAsync(cancellationToken);

    /// <summary>Notes a new one and gives it its id.</summary>
    public async Task<MaintenanceRequest> BeginAsync(MaintenanceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var now = clock.GetUtcNow();
        for (var number = now.ToUnixTimeMilliseconds(); ; number++)
        {
            var begun = request with { Id = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}") };
            var entity = new TableEntity(Records, RowKey(number)) { ["Id"] = begun.Id, ["Request"] = Json.Write(begun), ["Status"] = RunStatus.Running.ToString(), ["StartedUtc"] = now };
            if (await maintenance.TryAddAsync(entity, cancellationToken))
            {
                return begun;
            }
        }
    }

    /// <summary>Notes how many tables it looks after.</summary>
    public Task PlanAsync(string id, int plannedTables, CancellationToken cancellationToken) => MergeAsync(id, e => e["PlannedTables"] = plannedTables, cancellationToken);

    /// <summary>Notes what was done to a table.</summary>
    public Task ReportAsync(string id, TableReport report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return maintenance.UpsertAsync(new TableEntity(id, $"{report.Pipeline}.{report.Table}") { ["Report"] = Json.Write(report) }, TableUpdateMode.Replace, cancellationToken);
    }

    /// <summary>Notes how it ended.</summary>
    public Task EndAsync(string id, RunStatus status, string? error, MaintenanceFigures figures, CancellationToken cancellationToken) => MergeAsync(
        id,
        e =>
        {
            e["Status"] = status.ToString();
            e["EndedUtc"] = clock.GetUtcNow();
            e["Error"] = RunStore.Shorten(error) ?? "";
            e["Figures"] = Json.Write(figures);
        },
        cancellationToken);

    /// <summary>One with its tables, those last reported among them; null: there is none of that id.</summary>
    public async Task<MaintenanceRecord?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (Number(id) is not { } number || await maintenance.FindAsync(Records, RowKey(number), cancellationToken) is not { } entity)
        {
            return null;
        }

        var reports = new List<TableReport>();
        await foreach (var table in maintenance.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {id}"), cancellationToken))
        {
            reports.Add(Json.Read<TableReport>(table.GetString("Report")));
        }

        return Read(entity) with { Tables = reports, Figures = reports.Select(MaintenanceFigures.Of).Aggregate(new MaintenanceFigures(), MaintenanceFigures.Add) };
    }

    /// <summary>All without their tables, newest first.</summary>
    public async Task<IReadOnlyList<MaintenanceRecord>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        var found = new List<MaintenanceRecord>();
        await foreach (var entity in maintenance.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {Records}"), cancellationToken))
        {
            found.Add(Read(entity));
            if (found.Count == limit)
            {
                break;
            }
        }

        return found;
    }

    // Newest first, as the table sorts.
    private static string RowKey(long number) => (long.MaxValue - number).ToString("D19", CultureInfo.InvariantCulture);

    private static long? Number(string id) =>
        id.StartsWith(Prefix, StringComparison.Ordinal) && long.TryParse(id.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private Task MergeAsync(string id, Action<TableEntity> fill, CancellationToken cancellationToken)
    {
        var entity = new TableEntity(Records, RowKey(Number(id) ?? throw new ArgumentException($"'{id}' is not the id of a maintenance.", nameof(id))));
        fill(entity);
        return maintenance.UpsertAsync(entity, TableUpdateMode.Merge, cancellationToken);
    }

    private MaintenanceRecord Read(TableEntity entity)
    {
        var request = Json.Read<MaintenanceRequest>(entity.GetString("Request"));
        var started = entity.GetDateTimeOffset("StartedUtc") ?? default;
        var ended = entity.GetDateTimeOffset("EndedUtc");
        return new MaintenanceRecord
        {
            Id = request.Id,
            Status = Enum.Parse<RunStatus>(entity.GetString("Status")),
            DryRun = request.DryRun,
            Pipeline = request.Pipeline,
            StartedUtc = started,
            EndedUtc = ended,
            Seconds = Math.Round(((ended ?? clock.GetUtcNow()) - started).TotalSeconds, 3),
            Error = entity.GetString("Error") is { Length: > 0 } error ? error : null,
            PlannedTables = entity.GetInt32("PlannedTables"),
            Figures = entity.GetString("Figures") is { } figures ? Json.Read<MaintenanceFigures>(figures) : new MaintenanceFigures(),
        };
    }
}
