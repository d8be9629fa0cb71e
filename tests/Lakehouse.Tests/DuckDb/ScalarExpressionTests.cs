using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class ScalarExpressionTests : IDisposable
{
    private readonly DuckDbSession session = Sessions.Open();

    public void Dispose() => session.Dispose();

    [Theory]
    [InlineData("amount > 0 AND \"Unit Price\" <= amount", "amount,Unit Price")]
    [InlineData("1 + 1", "")]
    [InlineData("address.city IS NOT NULL", "address")]
    [InlineData("list_transform(tags, (x, i) -> x || i || suffix)", "tags,suffix")]
    [InlineData("list_transform(tags, lambda x: x || upper(x))", "tags")]
    [InlineData("[x || y FOR x IN tags IF x <> z]", "tags,x,z,y")]
    [InlineData("CASE WHEN a IN (1, 2) THEN b ELSE c END", "a,b,c")]
    [InlineData("CAST(a AS DECIMAL(18, 2)) BETWEEN b AND c", "a,b,c")]
    [InlineData("regexp_matches(email, '^[^@]+@[^@]+$') -- an address", "email")]
    [InlineData("try_cast(a AS STRUCT(x INTEGER)) COLLATE NOCASE", "a")]
    [InlineData("a /* why */ + b", "a,b")]
    public void Parse_Expression_GivesItsColumns(string expression, string columns)
    {
        var parsed = ScalarExpression.Parse(session, expression);
        var expected = columns.Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.Subset(expected.ToHashSet(), parsed.Columns.ToHashSet());
        if (!expected.Contains("x"))
        {
            Assert.Equal(expected, parsed.Columns);
        }
    }

    [Theory]
    [InlineData("(SELECT 1)")]
    [InlineData("EXISTS (FROM t)")]
    [InlineData("a IN (SELECT b FROM t)")]
    [InlineData("a = ANY (SELECT 1)")]
    [InlineData("list_transform([1], x -> (SELECT x))")]
    [InlineData("row_number() OVER ()")]
    [InlineData("sum(a)")]
    [InlineData("SUM(a)")]
    [InlineData("count(*)")]
    [InlineData("1 + max(a)")]
    [InlineData("unnest([1, 2])")]
    [InlineData("*")]
    [InlineData("COLUMNS(*)")]
    [InlineData("t.*")]
    [InlineData("$1")]
    [InlineData("?")]
    [InlineData("#1")]
    [InlineData("current_setting('temp_directory')")]
    public void Parse_MoreThanOneRow_IsRefused(string expression) =>
        Assert.Equal(DuckDbErrorKind.Permission, Assert.Throws<DuckDbException>(() => ScalarExpression.Parse(session, expression)).Kind);

    [Theory]
    [InlineData("a FROM t")]
    [InlineData("a, b")]
    [InlineData("a AS b")]
    [InlineData("a b")]
    [InlineData("DISTINCT a")]
    [InlineData("ALL a")]
    [InlineData("a WHERE b")]
    [InlineData("a GROUP BY ALL")]
    [InlineData("a GROUP BY 1")]
    [InlineData("a HAVING b")]
    [InlineData("a QUALIFY b")]
    [InlineData("a ORDER BY 1")]
    [InlineData("a LIMIT 1")]
    [InlineData("a USING SAMPLE 1")]
    [InlineData("a UNION SELECT b")]
    [InlineData("a; DROP TABLE t")]
    [InlineData("a; SELECT 1")]
    [InlineData("a;")]
    [InlineData("a) FROM t WHERE (b")]
    [InlineData("1), (2")]
    [InlineData("a /*")]
    [InlineData("'a")]
    [InlineData("")]
    [InlineData("-- nothing")]
    [InlineData("a\0")]
    [InlineData("1 AS \"a\" -- )")]
    public void Parse_NotOneExpression_IsRefused(string expression) => Assert.Throws<DuckDbException>(() => ScalarExpression.Parse(session, expression));

    [Fact]
    public void Parse_AggregatesAllowed_Passes() => Assert.Equal(["a"], ScalarExpression.Parse(session, "sum(a) / count(*)", allowAggregates: true).Columns);

    [Fact]
    public void Sql_CommentAtTheEnd_StaysWithinTheParentheses() =>
        Assert.Equal(6, session.Scalar<int>($"SELECT {ScalarExpression.Parse(session, "i + 1 -- one more").Sql} * 2 FROM (SELECT 2 AS i)"));

    [Fact]
    public void Parse_Refused_TellsThePlaceInTheExpression() =>
        Assert.Equal(5, Assert.Throws<DuckDbException>(() => ScalarExpression.Parse(session, "1 + (SELECT 1)")).Position);
}
