using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class UsedColumnsTests
{
    private static readonly (TableName, IReadOnlyList<DuckDbColumn>)[] Tables =
    [
        (new TableName("silver", "t"), [new("a", "BIGINT"), new("b", "VARCHAR"), new("c", "INTEGER"), new("odd \"name\"", "DATE"), new("s", "STRUCT(x INTEGER, y INTEGER)"), new("l", "INTEGER[]")]),
        (new TableName("silver", "u"), [new("a", "BIGINT"), new("d", "DOUBLE"), new("when", "TIMESTAMP WITH TIME ZONE")]),
    ];

    [Theory]
    [InlineData("select a from silver.t", "a;")]
    [InlineData("select A as renamed from silver.T as x -- end", "a;")]
    [InlineData("select a from silver.t where b = 'x' and c > 3;", "a,b,c;")]
    [InlineData("select 1 as one from silver.t where a = 1 and false", "a;")]
    [InlineData("select count(*) from silver.t", ";")]
    [InlineData("select count(c) from silver.t", "c;")]
    [InlineData("select * from silver.t", "a,b,c,odd \"name\",s,l;")]
    [InlineData("select * exclude (b, s, l) from silver.t", "a,c,odd \"name\";")]
    [InlineData("select columns('^[ab]$') from silver.t", "a,b;")]
    [InlineData("select t from silver.t", "a,b,c,odd \"name\",s,l;")]
    [InlineData("select s.x, l[1] from silver.t", "l,s;")]
    [InlineData("select \"odd \"\"name\"\"\" from silver.t", "odd \"name\";")]
    [InlineData("with x as (select * from silver.t), y as materialized (select a, b from x) select y.a from y join x on y.a = x.c", "a,c;")]
    [InlineData("select x.a from (select a, row_number() over (partition by b order by c) as n from silver.t) x where n = 1", "a,b,c;")]
    [InlineData("select b from silver.t where exists (select 1 from silver.u where u.a = t.a and d > 1)", "a,b;a,d")]
    [InlineData("select b, (select max(\"when\") from silver.u where u.a = t.c) as m from silver.t", "b,c;a,when")]
    [InlineData("select t.b from silver.t natural join silver.u", "a,b;a")]
    [InlineData("select a, c from silver.t union all select a, 1 from silver.u", "a,c;a")]
    [InlineData("select a from silver.t except select d::bigint from silver.u", "a;d")]
    [InlineData("with recursive r as (select a, c from silver.t union select u.a, 1 from r join silver.u on u.a = r.c) select count(*) from r", "a,c;a")]
    [InlineData("select t.a, u.d from silver.t positional join silver.u", "a;d")]
    [InlineData("select a from silver.t order by c limit 3", "a,c;")]
    [InlineData("select distinct on (b) a from silver.t order by b, c", "a,b,c;")]
    [InlineData("select sum(a) filter (where c > 1) from silver.t group by b having max(s.y) > 1", "a,b,c,s;")]
    public void Of_Select_TellsWhatItsScansRead(string select, string expected)
    {
        using var session = Sessions.Open();
        var used = UsedColumns.Of(session, select, Tables);

        // A table that the plan does not have is taken whole.
        var all = Tables[1].Item2.Select(column => column.Name);
        var parts = expected.Split(';');
        Assert.Equal(parts[0].Split(',').Order(), string.Join(',', used[0]).Split(',').Order());
        Assert.Equal(parts[1].Length > 0 ? parts[1].Split(',').Order() : all.Order(), used[1].Order());
        Assert.Equal("", session.Scalar<string>("select current_setting('disabled_optimizers')"));
        Assert.Equal(0, session.Scalar<long>("select count(*) from duckdb_tables()"));
    }

    [Fact]
    public void Of_SelectThatCannotBeBound_ThrowsAsItWould()
    {
        using var session = Sessions.Open();
        var error = Assert.Throws<DuckDbException>(() => UsedColumns.Of(session, "select nothing from silver.t", Tables));
        Assert.Contains("\"nothing\" not found", error.Message, StringComparison.Ordinal);
        Assert.Equal(7, error.Position);
        Assert.Equal(0, session.Scalar<long>("select count(*) from duckdb_views() where not internal"));
    }
}
