using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Models.Rfm;

namespace Pipeline.Medallion.Tests.Models.Rfm;

public sealed class RfmSqlTests : IDisposable
{
    // 103 customers, so that the parts are not equally large; many of them equally good.
    private const string Sales = """
        select 'C' || lpad((i % 103)::varchar, 3, '0') as customer_id, 'Name ' || i % 103 as customer_name, i // 3 as order_id, date '2024-01-01' + (i * i % 97)::int as order_date,
            ((i * 7) % 50)::decimal(18,2) as line_total
        from range(3000) t(i) where (i * i) % 11 <> 5
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("rfm-").FullName;
    private readonly DuckDbSession session;

    public RfmSqlTests() => session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder });

    public void Dispose()
    {
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Of_SalesOfTheSample_GivesWhatItsModelGives()
    {
        session.Execute($"create schema silver; create table silver.sales as {Sales}");
        var model = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "pipelines", "northwind", "models", "gold", "customer_rfm.sql"));
        var ours = RfmSql.Of(new RfmDefinition { Query = "select * from silver.sales", Key = "customer_id", Date = "order_date", Amount = "line_total", Purchase = "order_id" }, session);
        const string Columns = "customer_id, last_date, recency_days, frequency, monetary::decimal(18,4), recency_score, frequency_score, monetary_score, segment";
        var theirs = $"select {Columns.Replace("last_date", "last_order_date", StringComparison.Ordinal)} from ({model})";

        Assert.Equal(103, session.Scalar<long>($"select count(*) from ({ours})"));
        Assert.Equal(0, session.Scalar<long>($"select count(*) from ((select {Columns} from ({ours}) except {theirs}) union all ({theirs} except select {Columns} from ({ours})))"));
        Assert.Equal(6, session.Scalar<long>($"select count(distinct segment) from ({ours})"));
    }

    [Fact]
    public void Of_EquallyGoodKeysInAnyOrder_AreScoredTheSame()
    {
        var rows = Definition("select i::varchar as k, date '2024-01-01' as d, 1 as a from range(10) t(i)");
        var reversed = rows with { Query = $"select * from ({rows.Query}) order by k desc" };

        Assert.Equal([1, 1, 2, 2, 3, 3, 4, 4, 5, 5], Column(RfmSql.Of(rows, session), "monetary_score"));
        Assert.Equal(Column(RfmSql.Of(rows, session), "recency_score"), Column(RfmSql.Of(reversed, session), "recency_score"));
    }

    [Fact]
    public void Of_DeclaredSegments_TakesTheFirstThatFits()
    {
        var definition = Definition("select i as k, date '2024-01-01' + i::int as d, i as a from range(4) t(i)") with
        {
            Scores = 2,
            Segments = [new("it's big", "monetary > 2 -- the best"), new("late", "recency_days = 0"), new("good", "monetary_score = 2")],
            OtherSegment = "rest",
        };

        using var result = session.Query(RfmSql.Of(definition, session));
        Assert.Equal(["rest", "rest", "good", "it's big"], result.Rows().Select(r => (string?)r[^1]));
    }

    [Fact]
    public void Of_RowsWithoutKeyOrDate_AreLeftOut() =>
        Assert.Equal([1], Column(RfmSql.Of(Definition("select * from (values (1, date '2024-01-01', null), (null, date '2024-01-01', 1), (2, null, 3)) t(k, d, a)"), session), "k"));

    [Fact]
    public void Of_NoSegments_NamesAllOthers() =>
        Assert.Contains("'rest' as segment", RfmSql.Of(Definition("select 1 as k") with { Segments = [], OtherSegment = "rest" }, session), StringComparison.Ordinal);

    [Theory]
    [InlineData("recency_score >", "'odd' cannot be read")]
    [InlineData("colour = 'red'", "expected: an expression over recency_score, frequency_score, monetary_score, recency_days, frequency, monetary")]
    [InlineData("(select true)", "'odd' cannot be read")]
    [InlineData("recency_score + 1", "is no yes or no: recency_score + 1")]
    [InlineData("true) then 'x' when (true", "'odd' cannot be read")]
    public void Of_ConditionThatIsNone_IsRefused(string condition, string message) => Assert.Contains(
        message,
        Assert.Throws<TerminalException>(() => RfmSql.Of(Definition("select 1 as k") with { Segments = [new("odd", condition)] }, session)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Of_OptionsThatAreNone_AreRefused()
    {
        Assert.Contains("there are 1 scores", Assert.Throws<TerminalException>(() => RfmSql.Of(Definition("select 1") with { Scores = 1 }, session)).Message, StringComparison.Ordinal);
        Assert.Contains("has no name", Assert.Throws<TerminalException>(() => RfmSql.Of(Definition("select 1") with { Segments = [new(" ", "true")] }, session)).Message, StringComparison.Ordinal);
    }

    private static RfmDefinition Definition(string query) => new() { Query = query, Key = "k", Date = "d", Amount = "a" };

    private List<long> Column(string sql, string column)
    {
        using var result = session.Query($"select {column}::bigint from ({sql})");
        return [.. result.Rows().Select(r => (long)r[0]!)];
    }
}
