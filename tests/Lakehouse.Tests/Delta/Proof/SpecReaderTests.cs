using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>Our table beside a reader that was written from the specification and knows nothing of it.</summary>
public sealed class SpecReaderTests : IDisposable
{
    private const string Nested = "{'a': range, 'b': [range, NULL]} AS s, MAP {'k': {'x': range::DECIMAL(18,4)}} AS m, CASE WHEN range % 2 = 0 THEN [['t']] END AS l";
    private const string Scalars = "range % 2 = 0 AS f, (range % 100)::TINYINT AS t1, range::SMALLINT AS t2, range::INTEGER AS t4, range / 3 AS d, (range / 3)::FLOAT AS r, "
        + "range::DECIMAL(38,10) AS n, 'ü|' || range AS v, encode('b' || range) AS b, DATE '2024-02-28' + range::INTEGER AS day, "
        + "TIMESTAMPTZ '2024-01-01 00:00:00.123456+00' + INTERVAL 1 MICROSECOND * range AS ts, NULL::BIGINT AS nothing";

    private readonly string folder = Directory.CreateTempSubdirectory("spec-").FullName;
    private readonly ImpatientClock clock = new();
    private readonly MemoryLake lake = new();
    private readonly DuckDbSession session;
    private readonly Actor actor;

    public SpecReaderTests()
    {
        session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, Threads = 1 });
        lake.NowUtc = clock.GetUtcNow();
        actor = new Actor("a", lake, clock, session);
    }

    [Fact]
    public async Task Read_VariedTable_IsWhatOurReaderSeesAtEveryVersion()
    {
        string[] partitions = ["p", "q"];
        string Select(int from, int count, string extra = "") =>
            $"SELECT range AS id, CASE range % 4 WHEN 0 THEN 'a b/%=' WHEN 1 THEN 'NULL' WHEN 2 THEN 'ä' END AS p, DATE '2024-01-01' + (range % 2)::INTEGER AS q, {Scalars}, {Nested}{extra} FROM range({from}, {from + count})";
        await actor.CommitAsync(CommitMode.Append, Select(0, 9), commit => commit with { Description = "varied" }, partitions);
        for (var round = 1; round <= 9; round++)
        {
            await actor.CommitAsync(
                CommitMode.Append,
                Select(round * 10, 5),
                commit => commit with { Transaction = new TransactionId($"app/{round % 2}", round), Domains = [new DomainState($"d.{round % 3}", $$"""{"round":{{round}},"text":"ü\"\n"}""")] },
                partitions);
        }

        await actor.CommitAsync(CommitMode.Append, Select(200, 5, ", 'new' AS extra"), null, partitions);
        await actor.OptimizeAsync();
        await actor.Table.RestoreAsync(4, CancellationToken.None);
        await actor.CommitAsync(CommitMode.Overwrite, "SELECT 1::BIGINT AS id, NULL::VARCHAR AS only");
        await actor.CommitAsync(CommitMode.Append, "SELECT 2::BIGINT AS id, 'x' AS only");
        await actor.ReplaceOldestAsync("id, 'changed' AS only");
        await actor.Table.RestoreAsync(11, CancellationToken.None);
        for (var version = 17; version <= 21; version++)
        {
            await actor.CommitAsync(CommitMode.Append, Select(version * 100, 2, ", NULL::VARCHAR AS extra"), null, partitions);
        }

        using var copy = new TableCopy(lake, Actor.Root);
        await copy.RefreshAsync(CancellationToken.None);
        Assert.Equal([10L, 20L], copy.Reader.Checkpoints());
        Assert.Equal(Enumerable.Range(0, 22).Select(version => (long)version), copy.Reader.Versions());
        var known = new HashSet<string>();
        foreach (var version in copy.Reader.Versions())
        {
            var table = copy.Reader.Read(version);
            Assert.Empty(SpecFileCheck.Problems(table with { Files = [.. table.Files.Where(file => known.Add(file.Path))] }, copy.Session));
            Assert.Equal(copy.Reader.Read(version, useCheckpoints: false).Files, table.Files, SameFile.Instance);
            await SameAsync(table);
            if (version is 0 or 10 or 11 or 12 or 15 or 16 or 21)
            {
                await SameRowsAsync(table, copy.Session);
            }
        }
    }

    [Fact]
    public async Task Problems_FileThatIsNotAsTheLogSays_AreNamed()
    {
        await actor.CommitAsync(CommitMode.Append, "SELECT range AS id, NULL::INTEGER AS n FROM range(5)");
        var files = await actor.WriteAsync("SELECT range AS id, 1 AS n FROM range(7)");
        var wrong = files[0] with { Statistics = new FileStatistics { Rows = 6, Json = """{"numRecords":6,"minValues":{"id":1},"maxValues":{"id":5},"nullCount":{"n":1}}""" } };
        var schema = (await actor.ReadAsync()).Schema;
        await actor.Table.CommitAsync(new DeltaCommit { Operation = "WRITE", Mode = CommitMode.Append, Schema = schema, Add = [wrong] }, CancellationToken.None);
        await actor.Table.CommitAsync(new DeltaCommit { Operation = "WRITE", Mode = CommitMode.Append, Schema = schema, Add = [wrong with { Path = "gone.parquet" }] }, CancellationToken.None);

        using var copy = new TableCopy(lake, Actor.Root);
        var problems = SpecFileCheck.Problems(await copy.ReadAsync(CancellationToken.None), copy.Session);
        Assert.Equal(5, problems.Count);
        Assert.Contains("gone.parquet: is not there", problems);
        Assert.Contains(problems, problem => problem.EndsWith("6 rows", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.EndsWith("1 nulls in n", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.EndsWith("id from 1 on", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.EndsWith("id up to 5", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        actor.Dispose();
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task SameAsync(SpecTable table)
    {
        var ours = await actor.Table.ReadAsync(table.Version, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");
        Assert.Equal(table.SchemaString, ours.Schema.ToJson());
        Assert.Equal(table.PartitionColumns, ours.PartitionColumns);
        Assert.Equal(table.Id, ours.TableId);
        Assert.Equal((1, 7), table.Protocol);
        Assert.Equal(table.Configuration, ours.Configuration);
        Assert.Equal(table.Domains.OrderBy(entry => entry.Key), ours.Domains.OrderBy(entry => entry.Key));
        Assert.Equal(table.Transactions.Where(entry => entry.Value >= 0).OrderBy(entry => entry.Key), ours.Transactions.OrderBy(entry => entry.Key));
        Assert.Equal(table.Files.Select(file => (file.Path, file.Size, file.Stats)), ours.Files.Select(file => (file.Path, file.SizeBytes, file.Statistics?.Json)).OrderBy(file => file.Path, StringComparer.Ordinal));
    }

    private async Task SameRowsAsync(SpecTable table, DuckDbSession reader)
    {
        var ours = await actor.Table.ReadAsync(table.Version, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");
        using var lease = await new TableReader(actor.Cache).CreateViewAsync(session, "proof", "t", ours, Actor.Root, CancellationToken.None);
        using var result = session.Query("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM proof.t");
        Assert.Equal(table.Rows(reader), result.Rows().Select(row => string.Join('|', row.Select(value => value ?? "NULL"))).Order(StringComparer.Ordinal));
    }
}
