using System.Diagnostics;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class LockDownTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;
    private readonly DuckDbSession session = Sessions.Open();

    public LockDownTests()
    {
        session.Execute($"COPY (SELECT 1 AS i) TO {Sql.Literal(Allowed)}; COPY (SELECT 2 AS i) TO {Sql.Literal(Other)}; CREATE SCHEMA silver");
        session.Execute($"CREATE VIEW silver.orders AS FROM read_parquet({Sql.List([Allowed])}); CREATE MACRO twice(x) AS x * 2; CREATE TABLE kept (i INTEGER)");
        session.LockDown([Allowed]);
    }

    private string Allowed => Path.Combine(folder, "allowed.parquet");

    private string Other => Path.Combine(folder, "other.parquet");

    public void Dispose()
    {
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Query_ViewAndMacro_StillRead()
    {
        using var result = session.Query(SelectStatement.Parse(session, "SELECT twice(i) FROM silver.orders"));
        Assert.Equal([2], result.Rows().Select(row => row[0]));
    }

    [Fact]
    public void Query_StatementThatIsNoSelect_IsRefusedOnceMore()
    {
        var select = SelectStatement.Parse(session, "SELECT 1") with { Sql = "CREATE TABLE t (i INTEGER)" };
        Assert.Equal(DuckDbErrorKind.Permission, Assert.Throws<DuckDbException>(() => session.Query(select)).Kind);
    }

    [Theory]
    [InlineData("FROM read_parquet('{0}')")]
    [InlineData("FROM '{0}'")]
    [InlineData("FROM read_text('/etc/passwd')")]
    [InlineData("FROM read_blob('{0}')")]
    [InlineData("FROM query('FROM read_parquet(''{0}'')')")]
    [InlineData("COPY kept TO '{0}'")]
    [InlineData("EXPLAIN ANALYZE COPY kept TO '{0}'")]
    [InlineData("ATTACH '{0}.db'")]
    [InlineData("EXPORT DATABASE '{0}.d'")]
    [InlineData("LOAD '{0}'")]
    [InlineData("INSTALL httpfs")]
    [InlineData("SET threads = 1")]
    [InlineData("SET enable_external_access = true")]
    [InlineData("SET allowed_paths = ['{0}']")]
    [InlineData("RESET allowed_paths")]
    [InlineData("SET lock_configuration = false")]
    [InlineData("SET memory_limit = '100GB'")]
    [InlineData("PRAGMA threads = 1")]
    [InlineData("CREATE SECRET s (TYPE s3)")]
    public void Execute_OutsideTheAllowedFiles_IsRefused(string sql)
    {
        var before = File.ReadAllBytes(Other);
        Assert.Throws<DuckDbException>(() => session.Execute(sql.Replace("{0}", Other, StringComparison.Ordinal)));
        Assert.Equal(before, File.ReadAllBytes(Other));
    }

    [Fact]
    public void Query_Glob_ShowsNoOtherFile()
    {
        try
        {
            using var result = session.Query($"FROM glob({Sql.Literal(Path.Combine(folder, "*"))})");
            Assert.DoesNotContain(Other, result.Rows().Select(row => row[0]));
        }
        catch (DuckDbException refused)
        {
            Assert.Equal(DuckDbErrorKind.Permission, refused.Kind);
        }
    }

    /// <summary>Why <see cref="SelectStatement"/> is needed besides: DuckDB writes where it may read.</summary>
    [Fact]
    public void Parse_WhatLockDownLetsPass_IsRefused()
    {
        string[] escapes =
        [
            $"COPY kept TO {Sql.Literal(Allowed)}", $"EXPLAIN ANALYZE COPY kept TO {Sql.Literal(Allowed)}", $"ATTACH {Sql.Literal(Path.Combine(session.TempDirectory, "x.db"))}",
            $"FROM read_parquet({Sql.Literal(Allowed)})", $"FROM {Sql.Literal(Allowed)}", "DROP TABLE kept", "FROM duckdb_settings()", "FROM duckdb_views()",
            "PRAGMA enable_profiling",
        ];
        Assert.All(escapes, sql => Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, sql)));
    }

    [Fact]
    public void Query_EndlessRecursion_StopsOnTime()
    {
        var select = SelectStatement.Parse(session, "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r");
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();
        Assert.Throws<OperationCanceledException>(() => session.Query(select, limit.Token).Rows().ToList());
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(5));
        Assert.Equal(1, session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Query_DeepExpression_IsRefusedBeforeItCosts()
    {
        var sql = $"SELECT {string.Concat(Enumerable.Repeat("abs(", 400))}1{new string(')', 400)}";
        Assert.Throws<DuckDbException>(() => session.Query(sql));
    }
}
