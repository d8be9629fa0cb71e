using System.Diagnostics;
using Azure.Storage.Blobs;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Benchmarks;

/// <summary>The least that the job can cost here: the same SQL in DuckDB on local files, and a bare download and upload of the same bytes.</summary>
internal sealed class Bound(string folder)
{
    private const long SessionMemoryBytes = 1L << 30;

    /// <summary>CSV to bronze, silver and rejected, aggregates, RFM; every table a Parquet file.</summary>
    public IReadOnlyList<(string Stage, TimeSpan Wall)> RunSql(string csv)
    {
        using var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, MemoryLimitBytes = SessionMemoryBytes });
        var stages = new List<(string, TimeSpan)>();
        Time("bronze", $"""
            copy (select * from read_csv({Sql.Literal(csv)}, all_varchar=true, header=true)) to {Sql.Literal(Path.Combine(folder, "staged"))} (format parquet, compression snappy);
            copy (select *, file_row_number + 1 as _row from read_parquet({Sql.Literal(Path.Combine(folder, "staged"))}, file_row_number=true)) to {Out("bronze")}
            """);
        Time("silver", $"""
            create view typed as select try_cast(order_id as bigint) as order_id, customer_id, try_cast(product_id as bigint) as product_id, category, try_cast(quantity as bigint) as quantity,
                try_cast(unit_price as decimal(18,4)) as unit_price, try_cast(discount as decimal(18,4)) as discount, try_cast(order_date as date) as order_date, country, channel, _row
                from read_parquet({In("bronze")});
            create view checked as select *, order_id is not null and customer_id is not null and product_id is not null and quantity between 1 and 1000 and unit_price >= 0
                and discount between 0 and 1 and order_date is not null and country is not null
                and category in ('beverages', 'condiments', 'confections', 'dairy', 'grains', 'meat', 'produce', 'seafood') as ok from typed;
            create temp table repeated as select order_id from checked where ok group by order_id having count(*) > 1;
            copy (select * exclude (ok) from checked anti join repeated using (order_id) where ok) to {Out("silver")};
            copy (select to_json(t)::varchar as raw from typed t where coalesce(not (quantity between 1 and 1000) or quantity is null or order_date is null, true)) to {Out("rejected")}
            """);
        Time("aggregates", $"""
            copy (select country, sum(unit_price * quantity * (1 - discount))::decimal(38,4) as revenue, count(*) as orders from read_parquet({In("silver")}) group by country order by country) to {Out("by_country")};
            copy (select category, sum(unit_price * quantity * (1 - discount))::decimal(38,4) as revenue, count(*) as orders from read_parquet({In("silver")}) group by category order by category) to {Out("by_category")}
            """);
        Time("rfm", $"""
            copy (with per_customer as (select customer_id, max(order_date) as last_order, count(*) as frequency, sum(unit_price * quantity * (1 - discount))::decimal(38,4) as monetary
                    from read_parquet({In("silver")}) group by customer_id)
                  select customer_id, last_order, frequency, monetary, ntile(5) over (order by last_order, customer_id) as r, ntile(5) over (order by frequency, customer_id) as f,
                    ntile(5) over (order by monetary, customer_id) as m from per_customer order by customer_id) to {Out("rfm")}
            """);
        return stages;

        void Time(string stage, string sql)
        {
            var watch = Stopwatch.StartNew();
            session.Execute(sql);
            stages.Add((stage, watch.Elapsed));
        }
    }

    /// <summary>Downloads the CSV from landing, uploads what the SQL made.</summary>
    public async Task<TimeSpan> TransferAsync(string connectionString, LakePath csv, CancellationToken cancellationToken)
    {
        var lake = new BlobLake(new BlobServiceClient(connectionString, BlobLake.Options()));
        await lake.CreateContainerAsync("bound", cancellationToken);
        var watch = Stopwatch.StartNew();
        await lake.DownloadAsync(csv, Path.Combine(folder, "downloaded.csv"), null, cancellationToken);
        foreach (var file in Directory.GetFiles(folder, "*.parquet"))
        {
            await lake.UploadAsync(file, new LakePath("bound", Path.GetFileName(file)), overwrite: true, cancellationToken);
        }

        return watch.Elapsed;
    }

    private string In(string table) => Sql.Literal(Path.Combine(folder, $"{table}.parquet"));

    private string Out(string table) => $"{In(table)} (format parquet, compression zstd)";
}
