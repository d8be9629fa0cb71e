using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class RowStreamTests
{
    private const string Rows = "SELECT range AS n, 'text ' || md5(range::VARCHAR) AS t, [range, NULL] AS l, {'a': range, 'b': 'x' || range} AS s, MAP {'k': range} AS m, "
        + "(range / 10)::DECIMAL(18,4) AS d, CASE WHEN range % 3 = 0 THEN NULL ELSE DATE '2024-01-01' + range::INTEGER % 100 END AS day FROM range(50000)";

    [Fact]
    public void Define_EveryType_GivesTheSameRowsInOrder()
    {
        using var session = Sessions.Open();
        using var stream = RowStream.Define(session, $"{Rows} LIMIT 0", 50_000, () => Scan(session));

        foreach (var query in (string[])["SELECT * FROM $", "SELECT count(*), sum(n), max(t), sum(len(l)), max(s.b), min(m['k']), sum(d), count(day) FROM $", "SELECT t FROM $ WHERE n % 7 = 1 ORDER BY t DESC",
            "SELECT count(*) FROM $ a JOIN $ b ON a.n = b.n + 1", "SELECT day, count(*) FROM (SELECT * FROM $ UNION ALL SELECT * FROM $) GROUP BY day ORDER BY day", "SELECT n FROM $ LIMIT 3"])
        {
            Assert.Equal(Read(session, query.Replace("$", $"({Rows})", StringComparison.Ordinal)), Read(session, query.Replace("$", $"{stream.Name}()", StringComparison.Ordinal)));
        }

        Assert.Null(stream.Failure);
    }

    [Fact]
    public void Define_ScanThatFails_FailsTheQueryAndSaysWhy()
    {
        using var session = Sessions.Open();
        using var stream = RowStream.Define(session, "SELECT 1 AS n", 10, () => throw new TransientException("The lake is away."));
        var error = Assert.Throws<DuckDbException>(() => session.Execute($"SELECT sum(n) FROM {stream.Name}()"));
        Assert.Contains("The lake is away.", error.Message, StringComparison.Ordinal);
        Assert.IsType<TransientException>(stream.Failure);
        Assert.Equal(1, session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Define_OneThread_DoesNotWaitForItself()
    {
        using var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = Path.GetTempPath(), Threads = 1 });
        using var stream = RowStream.Define(session, $"{Rows} LIMIT 0", 50_000, () => Scan(session));
        Assert.Equal(49_999L * 25_000, session.Scalar<long>($"SELECT sum(n)::BIGINT FROM {stream.Name}()"));
    }

    private static IEnumerator<DuckDbChunk> Scan(DuckDbSession session)
    {
        using var beside = session.Beside();
        using var rows = beside.Query(Rows);
        while (rows.NextChunk() is { } chunk)
        {
            yield return chunk;
        }
    }

    private static List<string> Read(DuckDbSession session, string query)
    {
        using var result = session.Query($"SELECT CAST(q AS VARCHAR) FROM ({query}) q");
        return [.. result.Rows().Select(row => row[0] as string ?? "NULL")];
    }
}
