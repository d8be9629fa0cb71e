using System.Globalization;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Benchmarks;

/// <summary>Generated sales rows as CSV: ten columns, one row in a hundred with a quantity that is no number, one with a date that is none.</summary>
internal static class SalesFile
{
    public static void Write(string file, long from, long rows, string temp)
    {
        using var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = temp, MemoryLimitBytes = 1L << 30 });
        session.Execute(string.Create(CultureInfo.InvariantCulture, $"""
            copy (
                select i as order_id, 'C' || (hash(i) % 200000) as customer_id, (hash(i * 7) % 5000)::int as product_id,
                       ['beverages', 'condiments', 'confections', 'dairy', 'grains', 'meat', 'produce', 'seafood'][(hash(i * 23) % 8 + 1)::int] as category,
                       case when i % 100 = 0 then 'n/a' else ((hash(i * 3) % 50) + 1)::varchar end as quantity,
                       ((hash(i * 5) % 100000) / 100.0)::decimal(18,2) as unit_price, ((hash(i * 11) % 30) / 100.0)::decimal(18,2) as discount,
                       case when i % 100 = 50 then 'unknown' else (date '2020-01-01' + (hash(i * 13) % 1500)::int)::varchar end as order_date,
                       ['Germany', 'France', 'USA', 'UK', 'Brazil', 'Austria'][(hash(i * 17) % 6 + 1)::int] as country,
                       ['web', 'shop', 'phone'][(hash(i * 19) % 3 + 1)::int] as channel
                from range({from}, {from + rows}) t(i)
            ) to {Sql.Literal(file)} (format csv, header)
            """));
    }
}
