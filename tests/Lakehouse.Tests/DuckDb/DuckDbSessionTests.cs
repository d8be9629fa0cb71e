using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class DuckDbSessionTests : IDisposable
{
    private readonly DuckDbSession session = Sessions.Open();

    public void Dispose() => session.Dispose();

    [Fact]
    public void Execute_SeveralStatements_GivesTheLastOnesRowCount() =>
        Assert.Equal(3, session.Execute("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (0); INSERT INTO t VALUES (1), (2), (3)"));

    [Fact]
    public void Execute_Copy_GivesTheRowsWritten() =>
        Assert.Equal(5, session.Execute($"COPY (FROM range(5)) TO {Sql.Literal(Path.Combine(session.TempDirectory, "five.parquet"))} (FORMAT parquet)"));

    [Fact]
    public void Execute_NothingButAComment_DoesNothing() => Assert.Equal(0, session.Execute("-- nothing"));

    [Fact]
    public void Execute_FailingStatement_KeepsTheOnesBefore()
    {
        Assert.Throws<DuckDbException>(() => session.Execute("CREATE TABLE kept (i INTEGER); SELECT 1 FROM nowhere; CREATE TABLE never (i INTEGER)"));
        Assert.Equal(["kept"], session.Query("SHOW TABLES").Rows().Select(row => row[0]));
    }

    [Theory]
    [InlineData("SELEC 1", DuckDbErrorKind.Parser, 0)]
    [InlineData("SELECT 'ä€😀', missing FROM range(2)", DuckDbErrorKind.Binder, 15)]
    [InlineData("SELECT * FROM nowhere", DuckDbErrorKind.Catalog, 14)]
    [InlineData("SELECT 'x'::INTEGER", DuckDbErrorKind.Conversion, 10)]
    [InlineData("SELECT * FROM 'missing.parquet'", DuckDbErrorKind.IO, null)]
    [InlineData("SELECT 1; SELECT 2", DuckDbErrorKind.Syntax, null)]
    [InlineData("SELECT 1\0; DROP TABLE t", DuckDbErrorKind.Syntax, 8)]
    public void Query_WrongSql_TellsKindAndPosition(string sql, DuckDbErrorKind kind, int? position)
    {
        var error = Assert.Throws<DuckDbException>(() => session.Query(sql).Rows().ToList());
        Assert.Equal((kind, position), (error.Kind, error.Position));
    }

    [Fact]
    public void Query_ErrorAfterTheFirstRows_IsNotTakenForTheEnd()
    {
        using var result = session.Query("SELECT CASE WHEN i < 1000000 THEN i ELSE error('late') END FROM range(2000000) r(i)");
        var read = 0;
        var error = Assert.Throws<DuckDbException>(() =>
        {
            while (result.Read())
            {
                read++;
            }
        });
        Assert.Contains("late", error.Message, StringComparison.Ordinal);
        Assert.InRange(read, 1, 1_000_000);
    }

    [Fact]
    public void Query_WhileAResultIsRead_IsRefused()
    {
        using (session.Query("FROM range(1000000)"))
        {
            Assert.Throws<InvalidOperationException>(() => session.Query("SELECT 1"));
        }

        Assert.Equal(1, session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void NextChunk_ManyRows_GivesThemAllAsSpans()
    {
        using var result = session.Query("SELECT i, CASE WHEN i % 3 <> 0 THEN i::DOUBLE END FROM range(1000000) r(i)");
        var (sum, nulls) = (0L, 0);
        while (result.NextChunk() is { } chunk)
        {
            foreach (var value in chunk[0].Values<long>())
            {
                sum += value;
            }

            for (var row = 0; row < chunk.Rows; row++)
            {
                nulls += chunk[1].IsNull(row) ? 1 : 0;
            }
        }

        Assert.Equal((499_999_500_000, 333_334), (sum, nulls));
    }

    [Fact]
    public void Values_OtherSize_IsRefused()
    {
        using var result = session.Query("SELECT 1::INTEGER");
        var chunk = result.NextChunk();
        Assert.Throws<InvalidOperationException>(() => chunk![0].Values<long>().Length);
    }

    [Fact]
    public void Vector_AfterTheNextChunk_IsRefused()
    {
        using var result = session.Query("FROM range(5000)");
        var first = result.NextChunk()![0];
        result.NextChunk();
        Assert.Throws<ObjectDisposedException>(() => first.Values<long>().Length);
        Assert.Throws<ObjectDisposedException>(() => first[0]);
    }

    [Fact]
    public void Describe_Select_GivesTypesAsDuckDbWritesThem() => Assert.Equal(
        [new("a", "DECIMAL(18,4)"), new("b", "STRUCT(a INTEGER, \"key\" VARCHAR[])"), new("c", "TIMESTAMP WITH TIME ZONE"), new("d", "JSON"), new("e", "HUGEINT")],
        session.Describe("SELECT 1::DECIMAL(18,4) a, {'a': 1, 'key': ['x']} b, TIMESTAMPTZ '2020-01-01' c, '{}'::JSON d, sum(1) e"));

    [Fact]
    public void Describe_Insert_IsRefused()
    {
        session.Execute("CREATE TABLE t (i INTEGER)");
        Assert.Throws<DuckDbException>(() => session.Describe("INSERT INTO t VALUES (1)"));
        Assert.Throws<DuckDbException>(() => session.Describe("SELECT 1; INSERT INTO t VALUES (1)"));
        Assert.Equal(0, session.Scalar<int>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Dispose_Session_DeletesItsOwnFolderOnly()
    {
        var root = Directory.CreateTempSubdirectory().FullName;
        var other = DuckDbSession.Open(new DuckDbOptions { TempDirectory = root });
        Assert.Equal([other.TempDirectory], Directory.GetDirectories(root));
        other.Dispose();
        Assert.Empty(Directory.GetDirectories(root));
        Directory.Delete(root);
    }
}
