using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.DuckDb.Lineage;

namespace Pipeline.Lakehouse.Tests.DuckDb.Lineage;

/// <summary>Every statement is bound by DuckDB too, whose column names the lineage is held against. In what is expected, a lone column is an identity; '?' says that something could not be told.</summary>
public sealed class SelectLineageTests(SelectLineageTests.Tables tables) : IClassFixture<SelectLineageTests.Tables>
{
    private static readonly Dictionary<string, string[]> Known = new()
    {
        ["t"] = ["a", "b", "c", "k", "s", "l"],
        ["u"] = ["k", "d", "e", "b"],
        ["lake.t"] = ["a", "z"],
    };

    /// <summary>One session for all statements.</summary>
    public sealed class Tables : IDisposable
    {
        public Tables() => Session.Execute("create table t (a int, b int, c int, k int, s struct(f int, g int), l int[]); create table u (k int, d int, e int, b int); create schema lake; "
            + "create table lake.t (a int, z int); create table x (p int, q int, k int); create table y (r int)");

        public DuckDbSession Session { get; } = Sessions.Open();

        public void Dispose() => Session.Dispose();
    }

    private DuckDbSession Session => tables.Session;

    [Theory]
    [InlineData("select a, b as n from t", "a: t.a; n: t.b")]
    [InlineData("select A, T.B as n from t", "a: t.a; n: t.b")]
    [InlineData("select a::bigint as n, a + b as m, 1 as one, -c as d from t", "n: t.a transformation; m: t.a transformation, t.b transformation; one: ; d: t.c transformation")]
    [InlineData("select v.a, lake.t.z from lake.t join (select a from t) v on v.a = z", "a: t.a; z: lake.t.z", "lake.t.z join, t.a join")]
    [InlineData("select * from t", "a: t.a; b: t.b; c: t.c; k: t.k; s: t.s; l: t.l")]
    [InlineData("from u select * exclude (d) replace (b + 1 as b) rename (e as f)", "k: u.k; f: u.e; b: u.b transformation")]
    [InlineData("select * exclude (u.k, d), from u", "e: u.e; b: u.b")]
    [InlineData("select u.* from t join u using (k)", "k: u.k; d: u.d; e: u.e; b: u.b", "t.k join, u.k join")]
    [InlineData("select columns('[de]') from u", "d: u.d; e: u.e")]
    [InlineData("select columns(c -> c in ('d', 'k')) from u", "k: u.k; d: u.d")]
    [InlineData("select a, b from t union all select d, e + 1 from u", "a: t.a, u.d; b: t.b, u.e transformation")]
    [InlineData("select a as n from t union select d from u", "n: t.a, u.d", "t.a groupBy, u.d groupBy")]
    [InlineData("select a, b from t union all by name select b, d from u", "a: t.a; b: t.b, u.b; d: u.d")]
    [InlineData("select a from t except select d from u where e > 1", "a: t.a", "t.a groupBy, u.d filter, u.e filter")]
    [InlineData("select a from t intersect all select d from u", "a: t.a", "u.d filter")]
    [InlineData("with v as (select a as n, b from t where c > 0), w as (select n + 1 as m, b from v) select m, w.b from w", "m: t.a transformation; b: t.b", "t.c filter")]
    [InlineData("with v(n, m) as (select a, b from t) select * from v as w(o)", "o: t.a; m: t.b")]
    [InlineData("with u as (select a as k from t) select k from u", "k: t.a")]
    [InlineData("with recursive r(n, m) as (select a, 1 from t union all select n + d, m + 1 from r, u where m < e) select n from r", "n: t.a, t.a transformation, u.d transformation", "u.e filter")]
    [InlineData("select k, a, d from t left join u using (k)", "k: t.k; a: t.a; d: u.d", "t.k join, u.k join")]
    [InlineData("select k from t right join u using (k)", "k: u.k", "t.k join, u.k join")]
    [InlineData("select k, t.k as tk from t full join u using (k)", "k: t.k transformation, u.k transformation; tk: t.k", "t.k join, u.k join")]
    [InlineData("select * from lake.t join (select a as z, b as n from t) using (z)", "a: lake.t.a; z: lake.t.z; n: t.b", "lake.t.z join, t.a join")]
    [InlineData("select * from u natural join (select k, b, a from t) v", "k: u.k; d: u.d; e: u.e; b: u.b; a: t.a", "t.b join, t.k join, u.b join, u.k join")]
    [InlineData("select * from u semi join t on u.k = t.k and t.a > 1", "k: u.k; d: u.d; e: u.e; b: u.b", "t.a join, t.k join, u.k join")]
    [InlineData("select a from t asof join u on t.k = u.k and t.b >= u.b", "a: t.a", "t.b join, t.k join, u.b join, u.k join")]
    [InlineData("select x.a, y.a as n from t x, t y where x.k = y.b", "a: t.a; n: t.a", "t.b filter, t.k filter")]
    [InlineData("select a, count(*) as n, sum(b) as s, max(b + c)::bigint as m from t group by a having sum(k) > 1", "a: t.a; n: ; s: t.b aggregation; m: t.b aggregation, t.c aggregation", "t.a groupBy, t.k filter")]
    [InlineData("select a + b as n, sum(c) as s from t group by all order by all", "n: t.a transformation, t.b transformation; s: t.c aggregation", "t.a groupBy, t.a sort, t.b groupBy, t.b sort, t.c sort")]
    [InlineData("select a as n, sum(c) from t group by 1 order by 2 desc", "n: t.a; sum(c): t.c aggregation", "t.a groupBy, t.c sort")]
    [InlineData("select b as a, count(*) as n from t group by b, a order by a", "a: t.b; n: ", "t.a groupBy, t.b groupBy, t.b sort")]
    [InlineData("select b as n, a from t order by n + 1, a", "n: t.b; a: t.a", "t.a sort, t.b sort")]
    [InlineData("select sum(a) filter (where b > 0) as s, string_agg(a, ',' order by c) as g from t", "s: t.a aggregation, t.b filter; g: t.a aggregation, t.c sort")]
    [InlineData("select count(distinct a) as n from t", "n: t.a aggregation")]
    [InlineData("select sum(a) over w as s, lag(b, 1, c) over w as p, row_number() over (order by a) as r from t window w as (partition by k order by b)",
        "s: t.a aggregation, t.b window, t.k window; p: t.b transformation, t.b window, t.c transformation, t.k window; r: t.a window")]
    [InlineData("select a, row_number() over (order by b) as r from t qualify r <= 3 order by r", "a: t.a; r: t.b window", "t.b filter, t.b sort")]
    [InlineData("select case when a > 1 then b when c then 0 else k end as n, coalesce(a, b) as m from t", "n: t.a conditional, t.b transformation, t.c conditional, t.k transformation; m: t.a transformation, t.b transformation")]
    [InlineData("select a, (select max(d) from u where u.k = t.k) as m from t", "a: t.a; m: t.k filter, u.d aggregation, u.k filter")]
    [InlineData("select a in (select d from u) as n, exists (from u where e = c) as x from t", "n: t.a transformation, u.d transformation; x: t.c filter, u.e filter")]
    [InlineData("select a from t where b in (select d from u where e > 1) and not exists (select 1 from lake.t z where z.a = t.c)", "a: t.a", "lake.t.a filter, t.b filter, t.c filter, u.d filter, u.e filter")]
    [InlineData("select a + 1 as n, n * b as m from t where n > 2", "n: t.a transformation; m: t.a transformation, t.b transformation", "t.a filter")]
    [InlineData("select b as a, a as n from t", "a: t.b; n: t.a")]
    [InlineData("select distinct a, b from t", "a: t.a; b: t.b", "t.a groupBy, t.b groupBy")]
    [InlineData("select distinct on (a) a, b from t order by a, c", "a: t.a; b: t.b", "t.a groupBy, t.a sort, t.c sort")]
    [InlineData("select s.f, t.s.g as h, s['f'] as i, t from t", "f: t.s transformation; h: t.s transformation; i: t.s transformation; "
        + "t: t.a transformation, t.b transformation, t.c transformation, t.k transformation, t.l transformation, t.s transformation")]
    [InlineData("select unnest(s), a from t", "f: t.s transformation; g: t.s transformation; a: t.a")]
    [InlineData("select list_transform(l, lambda x: x + b) as n, [x * 2 for x in l if x > c] as m from t", "n: t.b transformation, t.l transformation; m: t.c transformation, t.l transformation")]
    [InlineData("select i, a from t, unnest(l) as q(i)", "i: t.l transformation; a: t.a")]
    [InlineData("select n, g.generate_series as o from t, lateral (select a + 1 as n) v, generate_series(1, b) g", "n: t.a transformation; o: t.b transformation")]
    [InlineData("select * from (values (1, 'x'), (2, 'y')) v(n, m)", "n: ; m: ")]
    [InlineData("select #2 as n from u", "n: u.d")]
    [InlineData("select struct_pack(n := a, m := b) as r, {'n': c} as o from t", "r: t.a transformation, t.b transformation; o: t.c transformation")]
    [InlineData("select a from t limit (select max(d) from u)", "a: t.a", "u.d filter")]
    [InlineData("select n from (select a as n from t order by b limit 3)", "n: t.a", "t.b sort")]
    [InlineData("select grouping(a) as g, sum(b) as s from t group by rollup (a)", "g: t.a transformation; s: t.b aggregation", "t.a groupBy")]
    public void Of_Statement_FollowsEveryColumn(string sql, string columns, string rows = "")
    {
        var lineage = SelectLineage.Of(Session, sql, ColumnsOf, Outputs(sql));

        Assert.Equal(columns, string.Join("; ", lineage.Columns.Select(Show)));
        Assert.Equal(rows, Show(lineage.Rows));
        Assert.True(lineage.IsComplete);
    }

    /// <summary>The columns of x and y are not known to the lineage, though DuckDB knows them.</summary>
    [Theory]
    [InlineData("select p, q + 1 as n from x", "p: x.p; n: x.q transformation")]
    [InlineData("select * from x", "p: x.p; q: x.q; k: x.k")]
    [InlineData("select *, a from x, lake.t", "p: x.p; q: x.q; k: x.k; a: ?; z: lake.t.z; a: ?")]
    [InlineData("select v.* exclude (q) from (select * from x) v", "p: x.p; k: x.k")]
    [InlineData("select p, r from x, y", "p: ?; r: ?")]
    [InlineData("select x.p, y.r from x, y", "p: x.p; r: y.r")]
    [InlineData("select t.a, q from t join x on t.k = x.k", "a: t.a; q: x.q", "t.k join, x.k join")]
    [InlineData("select a, q from t join x on q = b", "a: t.a; q: x.q", "t.b join, x.q join")]
    [InlineData("select p as n from x where n > 1", "n: x.p", "?")]
    [InlineData("select p as n, q from x where q > 1", "n: x.p; q: x.q", "x.q filter")]
    [InlineData("select a, (select max(p) from x where q = b) as m from t", "a: t.a; m: x.p aggregation, x.q filter?")]
    [InlineData("select p from x natural join u", "p: ?", "?")]
    [InlineData("select * from x union all select a, b, c from t", "p: ?; q: ?; k: ?")]
    [InlineData("select k, sum(p) as s from x group by k", "k: x.k; s: x.p aggregation", "x.k groupBy")]
    [InlineData("select * from (unpivot t on a, b into name n value v)", "c: ?; k: ?; s: ?; l: ?; n: ?; v: ?", "?")]
    [InlineData("select min(columns('[de]')) from u", "d: ?; e: ?")]
    public void Of_NotAllKnown_TellsWhatIsCertainOnly(string sql, string columns, string rows = "")
    {
        var lineage = SelectLineage.Of(Session, sql, ColumnsOf, Outputs(sql));

        Assert.Equal(columns, string.Join("; ", lineage.Columns.Select(Show)));
        Assert.Equal(rows, Show(lineage.Rows) + (lineage.AreRowsComplete ? "" : "?"));
    }

    [Fact]
    public void Of_ColumnsThatDuckDbDoesNotGive_TellsNothing()
    {
        var lineage = SelectLineage.Of(Session, "select a, b from t", ColumnsOf, ["a", "c"]);

        Assert.Equal("a: ?; c: ?", string.Join("; ", lineage.Columns.Select(Show)));
        Assert.False(lineage.IsComplete);
    }

    [Fact]
    public void Of_OneHundredCommonTablesEachReadTwice_IsQuick()
    {
        var sql = "with v0 as (select a, b from t)" + string.Concat(Enumerable.Range(1, 100).Select(n => $", v{n} as (select x.a + y.b as a, y.b from v{n - 1} x join v{n - 1} y on x.a = y.a)")) + " select * from v100";

        var lineage = SelectLineage.Of(Session, sql, ColumnsOf);

        Assert.Equal("a: t.a transformation, t.b transformation; b: t.b", string.Join("; ", lineage.Columns.Select(Show)));
    }

    private static string[]? ColumnsOf(TableName table) => Known.GetValueOrDefault(table.ToString());

    private string[] Outputs(string sql) => [.. Session.Describe(sql).Select(column => column.Name)];

    private static string Show(OutputColumn column) => $"{column.Name}: {Show(column.Origins)}{(column.IsComplete ? "" : "?")}";

    private static string Show(IEnumerable<ColumnOrigin> origins) =>
        string.Join(", ", origins.Select(origin => $"{origin.Table}.{origin.Column}" + (origin.Use == ColumnUse.Identity ? "" : $" {char.ToLowerInvariant(origin.Use.ToString()[0])}{origin.Use.ToString()[1..]}")));
}
