using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Bronze;

namespace Pipeline.Medallion.Audit;

/// <summary>The Delta table of the audit log. It lies in a container of its own, so that other people may see it than see the data.</summary>
internal sealed class AuditArchive(ILake lake, Engine engine, TableReader reader, DataFileWriter writer, FileCache cache, TimeProvider clock)
{
    private const string Container = "audit";
    private const string Table = "log";
    private const string Domain = "pipeline.audit";

    // A file an hour; packed at times, for else reading would open thousands.
    private const int MostFiles = 48;
    private const string Columns =
        "{'id': 'VARCHAR', 'timeUtc': 'TIMESTAMPTZ', 'who': 'VARCHAR', 'what': 'VARCHAR', 'target': 'VARCHAR', 'from': 'VARCHAR', 'outcome': 'VARCHAR', 'status': 'INTEGER', 'durationMs': 'BIGINT', 'detail': 'VARCHAR', 'result': 'VARCHAR'}";

    private readonly DeltaTable table = new(lake, new LakePath(Container, Table), clock);

    public Task CreateAsync(CancellationToken cancellationToken) => lake.CreateContainerAsync(Container, cancellationToken);

    /// <summary>Adds the entries of an hour that the table does not have. Of a later hour than the table's last it has none; an earlier one may have got entries since.</summary>
    public async Task AddAsync(string hour, IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var snapshot = await table.ReadAsync((long?)null, cancellationToken);
        var last = snapshot?.Domains.GetValueOrDefault(Domain) is { } domain ? Json.Read<string>(domain) : "";
        if (snapshot is not null && string.CompareOrdinal(last, hour) >= 0)
        {
            var known = await QueryAsync(snapshot, $"select id from audit.log where id in ({string.Join(", ", entries.Select(e => Sql.Literal(e.Id)))})", cancellationToken);
            entries = [.. entries.ExceptBy(known, e => e.Id)];
            if (entries.Count == 0)
            {
                return;
            }
        }

        using var session = engine.OpenSession();
        var file = Path.Combine(session.TempDirectory, "audit.ndjson");
        await System.IO.File.WriteAllLinesAsync(file, entries.Select(e => Json.Write(e)), cancellationToken);
        var rows = $"""
            select id, "timeUtc" as happened_at, who, what, target, "from" as from_address, outcome, status, "durationMs" as duration_ms, detail, result
            from read_json({Sql.Literal(file)}, format = 'newline_delimited', columns = {Columns})
            """;
        await table.CommitAsync(
            new DeltaCommit
            {
                Operation = "AUDIT",
                Mode = CommitMode.Append,
                Schema = DeltaSchema.FromDuckDb(session.Describe(rows)),
                Add = await writer.WriteAsync(session, rows, table.Root, [], $"audit-{hour}-{Path.GetRandomFileName()[..8]}", cancellationToken),
                Domains = [new DomainState(Domain, Json.Write(string.CompareOrdinal(last, hour) > 0 ? last : hour))],
                Description = "Who did what to the app, when, from where, and what became of it",
                ReadVersion = snapshot?.Version ?? -1,
            },
            cancellationToken);
        if (snapshot?.Files.Count >= MostFiles)
        {
            await new DeltaOptimize(lake, cache, clock).RunAsync(session, table.Root, $"audit-{hour}", dryRun: false, cancellationToken);
        }
    }

    /// <summary>Entries, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="but">Without those of these ids.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(AuditFilter filter, IReadOnlyList<string> but, int limit, CancellationToken cancellationToken)
    {
        if (await table.ReadAsync((long?)null, cancellationToken) is not { } snapshot)
        {
            return [];
        }

        var select = string.Create(CultureInfo.InvariantCulture, $$"""
            select to_json({'id': id, 'timeUtc': strftime(happened_at, '%Y-%m-%dT%H:%M:%S.%fZ'), 'who': who, 'what': what, 'target': target, 'from': from_address, 'outcome': outcome, 'status': status,
                'durationMs': duration_ms, 'detail': detail, 'result': result})::varchar
            from audit.log where {{Where(filter)}}{{(but.Count == 0 ? "" : $" and id not in ({string.Join(", ", but.Select(Sql.Literal))})")}}
            order by happened_at desc, id desc limit {{limit}}
            """);
        return [.. (await QueryAsync(snapshot, select, cancellationToken)).Select(Json.Read<AuditEntry>)];
    }

    // The texts of a SELECT of one column.
    private async Task<IReadOnlyList<string>> QueryAsync(DeltaSnapshot snapshot, string select, CancellationToken cancellationToken)
    {
        using var session = engine.OpenSession();
        IReadOnlyList<TableInput> inputs = [new TableInput(Container, Table, snapshot, table.Root)];
        var planned = await reader.PlanAsync(session, inputs, select, cancellationToken);
        engine.RequireRoom("Reading the audit log", planned);
        using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
        using var result = session.Query(select, cancellationToken);
        return [.. result.Rows().Select(r => (string)(r[0] ?? ""))];
    }

    private static string Where(AuditFilter filter) => string.Join(" and ", new[]
    {
        "true",
        filter.Who is { } who ? $"who = {Sql.Literal(who)}" : null,
        filter.What is { } what ? $"(what = {Sql.Literal(what)} or starts_with(what, {Sql.Literal($"{what}.")}))" : null,
        filter.Target is { } target ? $"(target = {Sql.Literal(target)} or starts_with(target, {Sql.Literal($"{target}/")}))" : null,
        filter.FromUtc is { } from ? $"happened_at >= {BronzeColumns.Timestamp(from)}" : null,
        filter.ToUtc is { } to ? $"happened_at < {BronzeColumns.Timestamp(to)}" : null,
    }.OfType<string>());
}
