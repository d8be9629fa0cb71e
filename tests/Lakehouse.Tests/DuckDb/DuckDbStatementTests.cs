using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class DuckDbStatementTests : IDisposable
{
    private readonly DuckDbSession session = Sessions.Open();

    public void Dispose() => session.Dispose();

    /// <summary>Without <see cref="DuckDbSession.PlanWithoutValues"/> plans rest on the values of the table as it was.</summary>
    [Fact]
    public void Query_RowsCameSinceItWasPlanned_SeesThem()
    {
        session.PlanWithoutValues();
        session.Execute("create temp table t (i bigint, s varchar)");
        using var take = session.Prepare("insert into t select $1::bigint + i, 's' || i from range($2::bigint) r(i)");
        using var count = session.Prepare("select i, count(*) from t where i >= $1::bigint group by i order by i");
        using var least = session.Prepare("select min(i), max(i), count(s), count(*) filter (s is null) from t");

        Assert.Equal(3, take.Execute([5, 3], CancellationToken.None));
        Assert.Equal([[5L, 1L], [6L, 1L], [7L, 1L]], Rows(count, 0));
        Assert.Equal([[5L, 7L, 3L, 0L]], Rows(least));
        take.Execute([1_000_000_000, 1], CancellationToken.None);
        session.Execute("insert into t values (6, null)");

        Assert.Equal([[6L, 2L], [7L, 1L], [1_000_000_000L, 1L]], Rows(count, 6));
        Assert.Equal([[5L, 1_000_000_000L, 4L, 1L]], Rows(least));
    }

    [Fact]
    public void Query_TableWasMadeAnew_ReadsTheNewOne()
    {
        session.Execute("create temp table t as select 1::bigint as i; create temp view v as select i * 2 as j from t");
        using var read = session.Prepare("from v");
        var before = Rows(read);

        session.Execute("create or replace temp table t as select i + 4 as i from t");

        Assert.Equal([[2L]], before);
        Assert.Equal([[10L]], Rows(read));
    }

    [Fact]
    public void Execute_WrongParametersOrAFailure_IsAnErrorAndTheStatementGoesOn()
    {
        using var divide = session.Prepare("select $1::varchar::bigint");

        Assert.Equal(DuckDbErrorKind.ParameterNotResolved, Assert.Throws<DuckDbException>(() => divide.Query([], CancellationToken.None)).Kind);
        Assert.Equal(DuckDbErrorKind.Conversion, Assert.Throws<DuckDbException>(() => Rows(divide, "x")).Kind);
        Assert.Equal([[3L]], Rows(divide, "3"));
        Assert.Equal(DuckDbErrorKind.Catalog, Assert.Throws<DuckDbException>(() => session.Prepare("from nowhere")).Kind);
    }

    private static List<object?[]> Rows(DuckDbStatement statement, params object?[] parameters) => [.. statement.Query(parameters, CancellationToken.None).Rows()];
}
