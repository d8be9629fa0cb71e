using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

/// <summary>A database that has had sessions is like a new one for the next.</summary>
public sealed class DuckDbPoolTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pipeline-pool-").FullName;
    private readonly DuckDbPool pool;

    public DuckDbPoolTests() => pool = new DuckDbPool(folder);

    public void Dispose()
    {
        pool.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Open_AfterAnother_IsTheSameDatabaseAndSeesNothingOfIt()
    {
        string file;
        using (var first = Open())
        {
            first.Execute("create schema silver; create table silver.t as select 1 as a; create table u (a integer); create view v as select 2 as b; create macro m(x) as x + 1; create type mood as enum ('good'); create sequence s; create temp table w (a integer); set variable x = 7");
            file = Path.Combine(first.TempDirectory, "a.parquet");
            first.Execute($"copy (select 1 as a) to {Sql.Literal(file)}");
            Assert.Equal(1, first.Scalar<int>($"select a from read_parquet({Sql.Literal(file)})"));
            Assert.Equal("session_1", Catalog(first));
        }

        using var second = Open();

        Assert.Equal("session_2", Catalog(second));
        Assert.False(System.IO.File.Exists(file));
        Assert.All(
            ["select * from silver.t", "select * from u", "select * from v", "select m(1)", "select 'good'::mood", "select nextval('s')", "select * from w"],
            sql => Assert.Throws<DuckDbException>(() => second.Query(sql).Rows().ToList()));
        Assert.Null(second.Query("select getvariable('x')").Rows().Single()[0]);
        Assert.Equal(0, second.Scalar<long>("select count(*) from duckdb_tables()"));
        Assert.Equal(["memory", "session_2", "system", "temp"], second.Query("select database_name from duckdb_databases() order by 1").Rows().Select(r => r[0]));
    }

    [Fact]
    public void Open_WhileAnotherIsOpen_IsAnotherDatabase()
    {
        using var first = Open();
        using var second = Open();
        first.Execute("create table t (a integer)");

        Assert.Throws<DuckDbException>(() => second.Query("select * from t"));
        Assert.Equal(("session_1", "session_1"), (Catalog(first), Catalog(second)));
    }

    [Fact]
    public void Open_OtherLimits_IsAnotherDatabase()
    {
        Open().Dispose();
        using var other = pool.Open(Options with { MemoryLimitBytes = 64L << 20 });
        using var same = Open();

        Assert.Equal(("session_1", "session_2"), (Catalog(other), Catalog(same)));
        Assert.Equal("64.0 MiB", other.Scalar<string>("select current_setting('memory_limit')"));
    }

    // Databases that nobody asks for must not keep out those that somebody does.
    [Fact]
    public void Open_AfterManyOfOtherLimits_IsStillKept()
    {
        var others = Enumerable.Range(0, 6).Select(_ => pool.Open(Options with { Threads = 1 })).ToList();
        others.ForEach(o => o.Dispose());
        Open().Dispose();

        using var session = Open();

        Assert.Equal("session_2", Catalog(session));
    }

    public static TheoryData<Action<DuckDbSession>> Changes => new()
    {
        session => session.LockDown([]),
        session => session.PlanWithoutValues(),
    };

    [Theory]
    [MemberData(nameof(Changes), DisableDiscoveryEnumeration = true)]
    public void Open_AfterOneThatChangedTheDatabase_IsANewDatabase(Action<DuckDbSession> change)
    {
        using (var first = Open())
        {
            change(first);
        }

        using var second = Open();

        Assert.Equal("session_1", Catalog(second));
        Assert.Equal(("", true), (second.Scalar<string>("select current_setting('disabled_optimizers')"), second.Scalar<bool>("select current_setting('enable_external_access')")));
    }

    [Fact]
    public void LockDown_InAKeptDatabase_ReadsItsFolderAndNothingElse()
    {
        var outside = Path.Combine(folder, "outside.csv");
        System.IO.File.WriteAllText(outside, "a\n1\n");
        Open().Dispose();
        using var session = Open();
        var inside = Path.Combine(session.TempDirectory, "inside.csv");
        System.IO.File.WriteAllText(inside, "a\n1\n");

        session.LockDown([]);

        Assert.Equal(1, session.Scalar<long>($"select a from read_csv({Sql.Literal(inside)})"));
        Assert.Throws<DuckDbException>(() => session.Query($"select * from read_csv({Sql.Literal(outside)})"));
        Assert.Throws<DuckDbException>(() => session.Execute("set global enable_external_access = true"));
    }

    [Fact]
    public void Beside_Session_SeesWhatTheOtherMade()
    {
        Open().Dispose();
        using var session = Open();
        session.Execute("create schema silver; create table silver.t (a integer)");
        using (var beside = session.Beside())
        {
            beside.Execute("insert into silver.t values (3)");
        }

        using (var appender = session.Append("t", "silver"))
        {
            appender.Append(4);
            appender.Complete();
        }

        Assert.Equal(7, session.Scalar<long>("select sum(a)::bigint from silver.t"));
    }

    [Fact]
    public void UsedColumns_InAKeptDatabase_AreThoseOfTheSelect()
    {
        Open().Dispose();
        using var session = Open();
        session.Execute("create schema silver");

        var used = UsedColumns.Of(session, "select max(a) from silver.t where c > 1", [(new TableName("silver", "t"), [new("a", "INTEGER"), new("b", "INTEGER"), new("c", "INTEGER")])]);

        Assert.Equal(["a", "c"], used.Single().Order());
    }

    [Fact]
    public void Dispose_WhileASessionIsOpen_LeavesItAndKeepsNothing()
    {
        var session = Open();
        pool.Dispose();

        Assert.Equal(1, session.Scalar<int>("select 1"));
        session.Dispose();
        Assert.False(Directory.Exists(session.TempDirectory));
    }

    private static DuckDbOptions Options => new() { TempDirectory = Path.GetTempPath(), MemoryLimitBytes = 128L << 20, Threads = 2 };

    private static string? Catalog(DuckDbSession session) => session.Scalar<string>("select current_database()");

    private DuckDbSession Open() => pool.Open(Options);
}
