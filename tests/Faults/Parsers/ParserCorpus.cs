using System.IO.Compression;
using System.Text;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;

namespace Pipeline.Faults.Parsers;

/// <summary>Whole inputs of every kind, before they are damaged.</summary>
internal sealed class ParserCorpus
{
    /// <summary>Where the table of the log inputs lies.</summary>
    public static readonly LakePath Root = new("silver", "fuzz/orders");

    /// <summary>Kinds that are landing files: the ending of the file's name.</summary>
    public static readonly IReadOnlySet<string> Files = new HashSet<string> { "csv", "json", "ndjson", "parquet", "csv.gz", "ndjson.zst" };

    public const string Yaml = "yaml";
    public const string Sql = "sql";
    public const string Entry = "log entry";
    public const string Checkpoint = "checkpoint";
    public const string Pointer = "last checkpoint";

    private const string Csv = "Id,Customer,Ordered,Amount,Note\n1,C1,2024-01-31,10.50,plain\n2,\"C \"\"2\"\"\",2024-02-01,-1,\"two\nlines\"\n3,,not a day,1e3,\n4,C4,2024-02-29 12:00:00,0.1,ü€\n";
    private const string Rows = "{\"id\":1,\"name\":\"a\",\"tags\":[1,2,{\"x\":null}],\"n\":1.5}\n{\"id\":2,\"name\":\"ü\\u00e9\\n\",\"deep\":{\"a\":{\"b\":[[]]}}}\n{\"id\":\"3\",\"n\":-0.0}\n";

    private const string Definition = """
        name: shop
        description: &text "orders, and what became of them"
        schedule: {cron: "0 0 6 * * *", timezone: Europe/Berlin}
        sources:
          orders:
            connector: file
            path: shop/orders*.csv
            format: csv
            load: incremental
            key: [order_id]
            latest_by: day
            partition: {by: day, as: [year, month]}
            columns:
              order_id: {from: Id, type: bigint, required: true, min: 1}
              day: {from: Ordered, type: date, format: '%Y-%m-%d'}
              amount: {from: Amount, type: "decimal(18,4)", min: 0, max: "1000000", default: "0"}
              customer: {expr: "upper(trim(Customer))", type: varchar, in: [A, B], pattern: '[A-Z]+'}
            rules:
              - {id: positive, dimension: validity, expect: "amount >= 0", otherwise: reject}
        models:
          gold.totals: {key: [day], description: *text}
        metrics:
          revenue: {from: silver.orders, expr: "sum(amount)", unit: USD}
        """;

    /// <summary>The model of the definition.</summary>
    public const string Model = "SELECT day, sum(amount)::DECIMAL(38,4) AS total, count(*) FILTER (WHERE amount > 0) AS n\nFROM silver.orders AS o WHERE day >= DATE '2024-01-01' GROUP BY day ORDER BY 1 -- totals\n";

    private readonly Dictionary<string, IReadOnlyList<byte[]>> originals = [];

    private ParserCorpus(MemoryLake table) => Table = table;

    /// <summary>A table of 12 versions with a checkpoint.</summary>
    public MemoryLake Table { get; }

    public IReadOnlyList<string> Kinds { get; private set; } = [];

    /// <summary>The whole definition.</summary>
    public static string PipelineFile => Definition;

    public static async Task<ParserCorpus> CreateAsync(string folder)
    {
        using var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, Threads = 1 });
        var corpus = new ParserCorpus(new MemoryLake { NowUtc = TimeProvider.System.GetUtcNow() });
        await corpus.WriteTableAsync(session);
        var json = $"[{Rows.TrimEnd().Replace("\n", ",\n", StringComparison.Ordinal)}]";
        corpus.Add("csv", Bytes(Csv), Bytes(Csv.Replace(',', ';').Replace("\n", "\r\n", StringComparison.Ordinal)), Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(Csv)).ToArray());
        corpus.Add("json", Bytes(json), Bytes("{\"a\":1,\"b\":{\"c\":[true,false]}}"), Bytes(Rows));
        corpus.Add("ndjson", Bytes(Rows), Bytes("\uFEFF" + Rows));
        corpus.Add("parquet", Copied(session, "format parquet, compression snappy"), Copied(session, "format parquet, compression zstd, row_group_size 2048"), Copied(session, "format parquet, parquet_version v2"));
        corpus.Add("csv.gz", Gzip(Csv), Gzip(string.Concat(Enumerable.Repeat(Csv, 50))));
        corpus.Add("ndjson.zst", Copied(session, "format csv, header false, quote '', escape '', delimiter '\u001e', compression zstd", Lakehouse.DuckDb.Sql.Literal(Rows.TrimEnd())));
        corpus.Add(Yaml, Bytes(Definition), Bytes("name: a\nsources: {b: {connector: file, path: 'x/*.json'}}\n"));
        corpus.Add(Sql, Bytes(Model), Bytes("WITH a AS (SELECT * FROM bronze.orders) SELECT DISTINCT day, {'x': [1, 2]} AS s FROM silver.orders JOIN a USING (order_id)"));
        corpus.Add(Entry, await corpus.LogAsync(0), await corpus.LogAsync(3), await corpus.LogAsync(11), await corpus.LogAsync(12));
        corpus.Add(Checkpoint, await corpus.ReadAsync("00000000000000000010.checkpoint.parquet"));
        corpus.Add(Pointer, await corpus.ReadAsync("_last_checkpoint"));
        corpus.Kinds = [.. corpus.originals.Keys];
        return corpus;
    }

    public IReadOnlyList<byte[]> Originals(string kind) => originals[kind];

    private void Add(string kind, params byte[][] contents) => originals.Add(kind, contents);

    private Task<byte[]> LogAsync(long version) => ReadAsync($"{version:D20}.json");

    private async Task<byte[]> ReadAsync(string name) =>
        await Table.ReadAsync(Root.Append($"_delta_log/{name}"), CancellationToken.None) ?? throw new InvalidOperationException($"The corpus has no {name}.");

    private async Task WriteTableAsync(DuckDbSession session)
    {
        var table = new DeltaTable(Table, Root, TimeProvider.System, session.TempDirectory);
        for (var version = 0; version <= 12; version++)
        {
            var select = $"SELECT {version} AS id, 'a b' AS p, {{'x': [1, {version}]}} AS s, TIMESTAMPTZ '2024-01-01 00:00:00+00' AS t";
            var commit = new DeltaCommit
            {
                Operation = "WRITE",
                Mode = version == 6 ? CommitMode.Overwrite : CommitMode.Append,
                Schema = DeltaSchema.FromDuckDb(session.Describe(select)),
                PartitionColumns = ["p"],
                Add = await new DataFileWriter(Table).WriteAsync(session, select, Root, ["p"], $"i{version}", CancellationToken.None),
                Transaction = new TransactionId("step/fuzz", version),
                Domains = [new DomainState("pipeline.step.fuzz", """{"cursor":"2024"}""")],
            };
            await table.CommitAsync(commit, CancellationToken.None);
        }
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Gzip(string text)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Optimal))
        {
            gzip.Write(Bytes(text));
        }

        return target.ToArray();
    }

    private static byte[] Copied(DuckDbSession session, string options, string? value = null)
    {
        const string columns = "range AS id, 'name ' || range AS name, range / 3 AS d, range::DECIMAL(18,4) AS n, DATE '2024-01-01' + range::INTEGER AS day, [range, NULL] AS l, {'a': {'b': 'x'}} AS s, "
            + "MAP {'k': range} AS m, range % 2 = 0 AS f, encode('b') AS b, CASE WHEN range % 7 = 0 THEN NULL ELSE 'dictionary' END AS v";
        var file = Path.Combine(session.TempDirectory, "copied");
        session.Execute($"COPY (SELECT {(value is null ? $"{columns} FROM range(300)" : value)}) TO '{file}' ({options})");
        return File.ReadAllBytes(file);
    }
}
