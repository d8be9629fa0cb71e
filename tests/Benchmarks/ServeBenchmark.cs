using Pipeline.Testing;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Rows of silver to PostgreSQL, beside what its own tool needs for the same rows as CSV, one after the other.</summary>
internal static class ServeBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresFixture();
        await postgres.InitializeAsync();
        await using var app = await SalesApp.StartAsync(options, cancellationToken, connections: new Dictionary<string, string> { ["warehouse"] = postgres.ConnectionString });
        var (psql, csv) = (new Psql(postgres), Path.Combine(app.Folder, "sales.csv"));
        SalesFile.Write(csv, 0, options.Rows, app.Folder);
        await app.UploadAsync(csv, cancellationToken);
        File.Delete(csv);
        await app.RunAsync(cancellationToken, "serve", fullRefresh: false, "bronze.sales", "silver.sales");
        var (served, walls, bare, keyed) = (new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>());
        for (var time = 0; time < options.Times; time++)
        {
            await psql.ExecuteAsync("drop table if exists sales, pipeline_served", cancellationToken);
            walls.Add(await app.RunAsync(cancellationToken, "serve", fullRefresh: false, "serve.sales"));
            served.Add(app.LastStep);
            File.Delete(csv);
            await psql.CopyToAsync("sales", csv, cancellationToken);
            await psql.ExecuteAsync("drop table if exists peer; create table peer as select * from sales limit 0", cancellationToken);
            bare.Add(await psql.CopyFromAsync("peer", csv, cancellationToken));
            await psql.ExecuteAsync("drop table peer; create table peer as select * from sales limit 0; alter table peer add primary key (order_id)", cancellationToken);
            keyed.Add(await psql.CopyFromAsync("peer", csv, cancellationToken));
        }

        Say($"{options.Rows:N0} rows of ten columns, {new FileInfo(csv).Length / 1e6:N0} MB of CSV, {Environment.ProcessorCount} cores, medians of {options.Times}; the peer is {Psql.Name}");
        Say($"| | seconds | rows/s | x peer |");
        Say($"|---|---:|---:|---:|");
        Line("serve.sales, the step: table, rows, primary key, record", served);
        Line("the whole run, from the request to its end", walls);
        Line("peer into a table with the primary key", keyed);
        Line("peer into a table without", bare);
        Say($"served is {Median(served) / Median(keyed):N2} x the peer with the key, {Median(served) / Median(bare):N2} x the one without; the app's peak {app.Figures.PeakBytes / 1e9:N2} GB");

        void Line(string what, IReadOnlyList<TimeSpan> times) => Say($"| {what} | {Median(times).TotalSeconds:N1} | {options.Rows / Median(times).TotalSeconds:N0} | {Median(times) / Median(keyed):N2} |");
    }
}
