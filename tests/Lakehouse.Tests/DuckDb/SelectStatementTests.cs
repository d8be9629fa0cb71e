using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class SelectStatementTests : IDisposable
{
    private readonly DuckDbSession session = Sessions.Open();

    public void Dispose() => session.Dispose();

    [Theory]
    [InlineData("SELECT * FROM silver.orders o JOIN silver.customers USING (id)", "silver.orders silver.customers")]
    [InlineData("FROM a, A, silver.a, SILVER.a", "a A silver.a SILVER.a")]
    [InlineData("WITH c AS (FROM orders) SELECT * FROM c, C, other", "orders other")]
    [InlineData("WITH orders AS (FROM orders) FROM orders", "orders")]
    [InlineData("WITH c AS (SELECT 1) FROM main.c", "main.c")]
    [InlineData("WITH é AS (SELECT 1) FROM É", "É")]
    [InlineData("SELECT * FROM (WITH c AS (FROM inner1) FROM c), c", "inner1 c")]
    [InlineData("WITH a AS (FROM x), b AS (FROM a) FROM b UNION ALL FROM a EXCEPT (FROM y)", "x y")]
    [InlineData("WITH RECURSIVE r AS (FROM r UNION ALL SELECT i + 1 FROM r WHERE i < (SELECT max(i) FROM hidden)) FROM r", "r hidden")]
    [InlineData("WITH RECURSIVE r(i) USING KEY (i) AS (SELECT 1 UNION SELECT i FROM recurring.r) FROM r, recurring.r", "recurring.r")]
    [InlineData("SELECT 1 FROM t WHERE EXISTS (FROM h1) AND a IN (FROM h2) AND b = ANY (FROM h3) AND NOT (SELECT c FROM h4)", "t h1 h2 h3 h4")]
    [InlineData("SELECT (SELECT 1 FROM h1), [1][1:(SELECT 1 FROM h2)], list_transform([1], x -> (SELECT x FROM h3)) FROM t", "h1 h2 h3 t")]
    [InlineData("FROM t, LATERAL (SELECT * FROM h1 WHERE h1.i = t.i) JOIN u ON (SELECT true FROM h2)", "t h1 u h2")]
    [InlineData("SELECT sum(a) FILTER (WHERE (SELECT true FROM h1)) OVER (PARTITION BY (SELECT 1 FROM h2) ORDER BY (SELECT 1 FROM h3)) FROM t", "h1 h2 h3 t")]
    [InlineData("FROM t GROUP BY (SELECT 1 FROM h1) HAVING (SELECT true FROM h2) QUALIFY (SELECT true FROM h3)", "t h1 h2 h3")]
    [InlineData("FROM t ORDER BY (SELECT 1 FROM h1) LIMIT (SELECT 1 FROM h2) OFFSET (SELECT 1 FROM h3)", "t h1 h2 h3")]
    [InlineData("SELECT DISTINCT ON ((SELECT 1 FROM h1)) a FROM (VALUES ((SELECT 1 FROM h2))) v(a)", "h1 h2")]
    [InlineData("FROM range((SELECT 1 FROM h1)), unnest([(SELECT 1 FROM h2)])", "h1 h2")]
    [InlineData("FROM (FROM t PIVOT (sum((SELECT 1 FROM h1)) FOR a IN (1, 2)))", "t h1")]
    [InlineData("FROM t TABLESAMPLE 10%", "t")]
    [InlineData("FROM duckdb_settings, information_schema.tables", "duckdb_settings information_schema.tables")]
    [InlineData("TABLE t", "t")]
    [InlineData("VALUES (1)", "")]
    [InlineData("SELECT 1; -- that is all", "")]
    public void Parse_Select_GivesTheTablesItReads(string sql, string tables)
    {
        var found = SelectStatement.Parse(session, sql).Tables.Select(table => table.ToString());
        Assert.Equal(tables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), found.Order());
    }

    [Theory]
    [InlineData("COPY t TO 'x.csv'", "COPY")]
    [InlineData("COPY (SELECT 1) TO 'x.csv'", "COPY")]
    [InlineData("ATTACH 'x.db'", "ATTACH")]
    [InlineData("EXPLAIN ANALYZE COPY (SELECT 1) TO 'x.csv'", "EXPLAIN")]
    [InlineData("EXPLAIN SELECT 1", "EXPLAIN")]
    [InlineData("PRAGMA enable_profiling", "PRAGMA")]
    [InlineData("SET threads = 1", "SET")]
    [InlineData("RESET threads", "RESET")]
    [InlineData("INSTALL httpfs", "INSTALL")]
    [InlineData("LOAD httpfs", "LOAD")]
    [InlineData("CREATE TABLE t AS SELECT 1", "CREATE")]
    [InlineData("INSERT INTO t SELECT 1", "INSERT")]
    [InlineData("DELETE FROM t", "DELETE")]
    [InlineData("EXPORT DATABASE 'x'", "EXPORT")]
    [InlineData("CALL duckdb_settings()", "CALL")]
    [InlineData("PREPARE p AS SELECT 1", "PREPARE")]
    [InlineData("EXECUTE p", "EXECUTE")]
    [InlineData("BEGIN", "BEGIN")]
    [InlineData("USE x", "USE")]
    [InlineData("VACUUM", "VACUUM")]
    [InlineData("SELECT 1; COPY t TO 'x'", "statement")]
    [InlineData("SELECT 1; SELECT 2", "2 statements")]
    [InlineData("", "0 statements")]
    public void Parse_OtherStatements_SaysWhatItFound(string sql, string found)
    {
        var error = Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, sql));
        Assert.Equal(DuckDbErrorKind.Syntax, error.Kind);
        Assert.Contains(found, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FROM read_parquet('x.parquet')")]
    [InlineData("FROM READ_CSV('x.csv')")]
    [InlineData("FROM \"read_csv\"('x.csv')")]
    [InlineData("FROM system.main.read_csv('x.csv')")]
    [InlineData("FROM glob('*')")]
    [InlineData("FROM read_text('/etc/passwd')")]
    [InlineData("FROM query('SELECT 1')")]
    [InlineData("FROM query_table('t')")]
    [InlineData("FROM json_execute_serialized_sql('{}')")]
    [InlineData("FROM duckdb_settings()")]
    [InlineData("FROM duckdb_views()")]
    [InlineData("FROM pragma_table_info('t')")]
    [InlineData("FROM sniff_csv('x')")]
    [InlineData("FROM parquet_metadata('x')")]
    [InlineData("WITH c AS (FROM glob('*')) SELECT 1")]
    [InlineData("SELECT 1 WHERE EXISTS (FROM glob('*'))")]
    [InlineData("FROM t, LATERAL (FROM query(t.sql))")]
    [InlineData("FROM 'x.parquet'")]
    [InlineData("FROM \"x.csv\"")]
    [InlineData("FROM silver.\"../x.json\"")]
    [InlineData("FROM 's3://bucket/x'")]
    [InlineData("FROM 'x*'")]
    [InlineData("FROM other.silver.orders")]
    [InlineData("SHOW TABLES")]
    [InlineData("DESCRIBE t")]
    [InlineData("FROM (SUMMARIZE t)")]
    [InlineData("SELECT current_setting('temp_directory')")]
    [InlineData("SELECT getvariable('x')")]
    [InlineData("SELECT json_serialize_plan('FROM t')")]
    [InlineData("SELECT write_log('x')")]
    [InlineData("SELECT sleep_ms(1000)")]
    [InlineData("SELECT nextval('s')")]
    [InlineData("WITH a AS (FROM x) FROM (WITH a AS (FROM a) FROM a)")]
    public void Parse_MoreThanTables_IsRefused(string sql) =>
        Assert.Equal(DuckDbErrorKind.Permission, Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, sql)).Kind);

    [Theory]
    [InlineData("SELECT DISTINCT a, b FROM t ORDER BY a DESC NULLS LAST, b ASC NULLS FIRST, 3 LIMIT 10 OFFSET 5")]
    [InlineData("SELECT a FROM t ORDER BY ALL DESC LIMIT 10%")]
    [InlineData("SELECT arg_max(a, b ORDER BY c DESC), quantile_cont(a, 0.5), string_agg(DISTINCT a, ',' ORDER BY a) FROM t GROUP BY ROLLUP (b), GROUPING SETS ((a), ())")]
    [InlineData("SELECT sum(a) OVER (PARTITION BY b ORDER BY c DESC ROWS BETWEEN 6 PRECEDING AND CURRENT ROW EXCLUDE TIES), lag(a, 1, 0) OVER (ORDER BY c) FROM t")]
    [InlineData("SELECT ntile(5) OVER w AS tile FROM t WINDOW w AS (ORDER BY a DESC) QUALIFY row_number() OVER w = 1")]
    [InlineData("SELECT t.* EXCLUDE (a) REPLACE (b + 1 AS b), COLUMNS('^x') FROM t")]
    [InlineData("SELECT a FROM t LEFT JOIN u USING (a) ASOF JOIN v ON t.a = v.a AND t.b >= v.b SEMI JOIN w USING (a) ANTI JOIN x USING (a) CROSS JOIN y NATURAL JOIN z")]
    [InlineData("SELECT date_trunc('month', d)::DATE, extract(dow FROM d), d + INTERVAL 1 DAY, d - DATE '2020-01-01', strftime(d, '%Y') FROM t")]
    [InlineData("SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, coalesce(a, b), nullif(a, b), a IS DISTINCT FROM b, a NOT IN (1, 2), a NOT LIKE 'x%', a ILIKE 'x', a SIMILAR TO 'x' FROM t")]
    [InlineData("SELECT {'a': 1}.a, [1, 2][1], MAP {'k': 1}['k'], j->>'$.a', s[1:2], row(1, 2), unnest([1, 2]), a::DECIMAL(18, 2), try_cast(b AS STRUCT(x INTEGER)[]) FROM t")]
    [InlineData("FROM t UNPIVOT (v FOR n IN (a, b))")]
    [InlineData("SELECT * FROM t INTERSECT ALL SELECT * FROM u UNION ALL BY NAME SELECT * FROM v")]
    [InlineData("WITH a AS NOT MATERIALIZED (SELECT 1 AS i), b(x) AS (VALUES (1), (2)) SELECT (SELECT max(x) FROM b WHERE x > a.i) FROM a")]
    [InlineData("SELECT count(*) FILTER (a > 1), bool_and(a > 0), $1 FROM t GROUP BY ALL HAVING count(*) > $2")]
    public void Parse_UsualSql_Passes(string sql)
    {
        Assert.Equal(sql, SelectStatement.Parse(session, sql, forbidClock: true, boundSizes: true).Sql);
    }

    [Theory]
    [InlineData("repeat('x', 3000000000)", false)]
    [InlineData("REPEAT('x', 1000 * 1000000)", false)]
    [InlineData("repeat('x', n)", false)]
    [InlineData("len(range(0, 1000000000))", false)]
    [InlineData("lpad('x', 1e9::INTEGER, 'y')", false)]
    [InlineData("list_resize([1], 1000000000)", false)]
    [InlineData("repeat('x', 10) || lpad(n::VARCHAR, 8, '0')", true)]
    [InlineData("list_sum(range(1, 100))", true)]
    public void Parse_SizesBounded_TakesSmallConstantsOnly(string expression, bool passes)
    {
        var error = Record.Exception(() => SelectStatement.Parse(session, $"SELECT {expression} FROM t", boundSizes: true));
        Assert.Equal(passes ? null : DuckDbErrorKind.Permission, (error as DuckDbException)?.Kind);
        Assert.NotNull(SelectStatement.Parse(session, $"SELECT {expression} FROM t"));
    }

    [Fact]
    public void Parse_TableFunctionAllowed_Passes() =>
        Assert.Equal(["t"], SelectStatement.Parse(session, "FROM read_csv('x.csv'), t", allowTableFunctions: true).Tables.Select(table => table.Name));

    [Fact]
    public void Parse_TableOutsideThePredicate_IsRefused()
    {
        var error = Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, "FROM silver.a WHERE i IN (FROM gold.b)", mayRead: table => table.Schema == "silver"));
        Assert.Contains("gold.b", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("now()")]
    [InlineData("NOW()")]
    [InlineData("main.now()")]
    [InlineData("\"now\"()")]
    [InlineData("current_timestamp")]
    [InlineData("CURRENT_DATE")]
    [InlineData("\"current_date\"")]
    [InlineData("localtimestamp")]
    [InlineData("current_localtimestamp()")]
    [InlineData("today()")]
    [InlineData("get_current_time()")]
    [InlineData("transaction_timestamp()")]
    [InlineData("age(TIMESTAMP '2020-01-01')")]
    [InlineData("ago(INTERVAL 1 DAY)")]
    [InlineData("random()")]
    [InlineData("uuid()")]
    [InlineData("gen_random_uuid()")]
    [InlineData("uuidv7()")]
    [InlineData("setseed(0.5)")]
    [InlineData("nextval('s')")]
    [InlineData("list_transform([1], x -> x + random())")]
    [InlineData("(SELECT 1 ORDER BY random())")]
    public void Parse_ClockForbidden_IsRefused(string expression)
    {
        Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, $"SELECT {expression} FROM t", forbidClock: true));
        Assert.Throws<DuckDbException>(() => ScalarExpression.Parse(session, expression));
    }

    [Theory]
    [InlineData("SELECT * FROM t USING SAMPLE 10")]
    [InlineData("FROM t TABLESAMPLE 10%")]
    public void Parse_SampleWithClockForbidden_IsRefused(string sql) => Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, sql, forbidClock: true));

    [Theory]
    [InlineData("SELECT age(b, a), date_trunc('month', t.now), 'now()' AS \"now\" FROM t")]
    [InlineData("SELECT current_date FROM (SELECT 1)", true)]
    public void Parse_Harmless_Passes(string sql, bool clock = false) => Assert.Equal(sql, SelectStatement.Parse(session, sql, forbidClock: !clock).Sql);

    [Fact]
    public void Parse_Refused_TellsThePlace()
    {
        var error = Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, "SELECT 'ä€', now() FROM t", forbidClock: true));
        Assert.Equal(13, error.Position);
    }

    [Fact]
    public void Parse_WrongSyntax_TellsThePlace()
    {
        var error = Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, "SELECT 'ä😀', FROM WHERE"));
        Assert.Equal((DuckDbErrorKind.Parser, 19), (error.Kind, error.Position));
    }

    /// <summary>A new version of DuckDB brings new functions: each must be judged.</summary>
    [Fact]
    public void FunctionRules_BundledDuckDb_KnowEveryChangingFunction()
    {
        string[] constantForOneSession = ["current_database", "current_schema", "current_schemas", "in_search_path", "error"];
        var changing = session.Query("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'scalar' AND (stability <> 'CONSISTENT' OR has_side_effects)")
            .Rows().Select(row => (string)row[0]!);
        Assert.Empty(changing.Except(FunctionRules.Refused).Except(FunctionRules.Unrepeatable).Except(constantForOneSession));

        var names = string.Join('|', FunctionRules.Refused.Concat(FunctionRules.Unrepeatable));
        var macros = session.Query($"SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'macro' AND regexp_matches(macro_definition, '\\b({names})\\b')")
            .Rows().Select(row => (string)row[0]!);
        Assert.Empty(macros.Except(FunctionRules.Refused).Except(FunctionRules.Unrepeatable));
    }

    [Theory]
    [InlineData("SELECT ", "(", "1", ")")]
    [InlineData("SELECT ", "NOT ", "true", "")]
    [InlineData("", "SELECT * FROM (", "SELECT 1", ")")]
    [InlineData("SELECT 1", " + 1", "", "")]
    [InlineData("SELECT ", "[", "1", "]")]
    [InlineData("SELECT ", "CASE WHEN true THEN ", "1", " END")]
    public void Parse_NestedWithoutEnd_ThrowsInsteadOfCrashing(string start, string open, string inner, string close)
    {
        const int Depth = 20_000;
        var sql = start + string.Concat(Enumerable.Repeat(open, Depth)) + inner + string.Concat(Enumerable.Repeat(close, Depth));
        Assert.Throws<DuckDbException>(() => SelectStatement.Parse(session, sql));
    }
}
