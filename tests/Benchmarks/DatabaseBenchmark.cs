using System.Diagnostics;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Testing;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Rows of PostgreSQL into bronze, beside the least that it can cost here: the database's own tool to a file, and that file to Parquet.</summary>
internal static class DatabaseBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresFixture();
        await postgres.InitializeAsync();
        var psql = new Psql(postgres);
        await psql.ExecuteAsync(
            FormattableString.Invariant($"""
            create table sales as select i::bigint as order_id, 'C' || (i * 7919 % 200000) as customer_id, (i * 31 % 5000)::int as product_id, (array['dairy', 'grains', 'meat', 'seafood'])[i % 4 + 1] as category,
                (i % 50 + 1)::int as quantity, (i * 17 % 100000 / 100.0)::numeric(18,4) as unit_price, (i % 30 / 100.0)::numeric(18,4) as discount, date '2020-01-01' + (i % 1500)::int as order_date,
                timestamptz '2020-01-01 00:00:00+00' + i * interval '1 second' as changed, (array['web', 'shop', 'phone'])[i % 3 + 1] as channel
            from generate_series(1, {options.Rows}::bigint) i;
            alter table sales add primary key (order_id)
            """),
            cancellationToken);
        await using var app = await SalesApp.StartAsync(options, cancellationToken, connections: new Dictionary<string, string> { ["warehouse"] = postgres.ConnectionString });
        var wall = await app.RunAsync(cancellationToken, "database", fullRefresh: false, "bronze.sales");
        var csv = Path.Combine(app.Folder, "sales.csv");
        var copied = await psql.CopyToAsync("sales", csv, cancellationToken);
        var watch = Stopwatch.StartNew();
        using (var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = app.Folder, MemoryLimitBytes = 1L << 30 }))
        {
            session.Execute($"copy (select * from read_csv({Sql.Literal(csv)}, header = false)) to {Sql.Literal(Path.Combine(app.Folder, "sales.parquet"))} (format parquet, compression zstd)", cancellationToken);
        }

        var bound = copied + watch.Elapsed;
        Say($"{options.Rows:N0} rows of ten columns, {Environment.ProcessorCount} cores; the bound is {Psql.Name} to a file, then DuckDB from it to Parquet");
        Say($"| | seconds | rows/s |");
        Say($"|---|---:|---:|");
        Say($"| bronze.sales, the run from the request to its end | {wall.TotalSeconds:N1} | {options.Rows / wall.TotalSeconds:N0} |");
        Say($"| bound: {copied.TotalSeconds:N1} s + {watch.Elapsed.TotalSeconds:N1} s | {bound.TotalSeconds:N1} | {options.Rows / bound.TotalSeconds:N0} |");
        Say($"{wall / bound:N2} x the bound; the app's peak {app.Figures.PeakBytes / 1e9:N2} GB");
    }
}
