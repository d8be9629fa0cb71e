using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

/// <summary>What is wrong in a model is told with the SQL file's line.</summary>
public sealed class ModelFileTests(MedallionFixture medallion)
{
    [Theory]
    [InlineData("select id\nfrom silver.order", "2: unknown table 'silver.order': expected one of silver.orders, gold.m, bronze.orders")]
    [InlineData("select id\nfrom orders", "2: unknown table 'orders': expected one of silver.orders")]
    [InlineData("select id\nform silver.orders", "2: Parser error: syntax error at or near \"silver\"")]
    [InlineData("select\n  id,\n  amout\nfrom silver.orders", "3: Binder error: Referenced column \"amout\" not found in FROM clause!")]
    [InlineData("select 1 as a; select 2 as b", "1: One SELECT was expected, 2 statements were found.")]
    [InlineData("delete from silver.orders", "1: One SELECT was expected, found a statement that starts with DELETE.")]
    [InlineData("", "1: One SELECT was expected")]
    [InlineData("-- nothing but a comment", "1: One SELECT was expected")]
    [InlineData("select id,\n now() as at\nfrom silver.orders", "2: Refused at character 13: now() gives another value in every run; use run_time")]
    [InlineData("select id,\n current_date as at\nfrom silver.orders", "2: Refused at character 13: current_date gives another value in every run; use run_time")]
    [InlineData("select id\nfrom silver.orders\norder by random()", "3: Refused at character")]
    [InlineData("select *\nfrom read_csv('/etc/passwd')", "2: Refused at character")]
    [InlineData("select *\nfrom '/etc/passwd'", "2: Refused at character")]
    [InlineData("select id, time '10:00' as t from silver.orders", "1: The column 't' is a TIME, which a table cannot hold.")]
    [InlineData("select id, count(*) from silver.orders group by id", "1: the column 'count_star()' needs a name that a table can hold")]
    [InlineData("select id, amount as id from silver.orders", "1: there is more than one column 'id'")]
    [InlineData("select id\nfrom gold.m", "1: models read each other in a cycle: gold.m → gold.m")]
    public void Compile_BadModel_IsRefusedWithLine(string sql, string expected)
    {
        var problem = TestDefinition.Problem(medallion, TestDefinition.Orders, ("models/gold/m.sql", sql));

        Assert.StartsWith($"models/gold/m.sql:{expected}", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("/tmp", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_CycleOfThree_IsToldOnceWithItsPath()
    {
        var problem = TestDefinition.Problem(
            medallion,
            TestDefinition.Orders,
            ("models/gold/a.sql", "select * from gold.b"),
            ("models/gold/b.sql", "select * from gold.c"),
            ("models/gold/c.sql", "select * from gold.a"));

        Assert.Equal("models/gold/a.sql:1: models read each other in a cycle: gold.a → gold.b → gold.c → gold.a", problem);
    }

    [Theory]
    [InlineData("models/a.sql")]
    [InlineData("models/bronze/a.sql")]
    [InlineData("models/gold/deep/a.sql")]
    [InlineData("models/gold/Total-Sales.sql")]
    [InlineData("sql/gold/a.sql")]
    public void Compile_SqlFileInWrongPlace_IsRefused(string path)
    {
        var problem = TestDefinition.Problem(medallion, TestDefinition.Orders, (path, "select 1 as a"));

        Assert.StartsWith($"{path}:1: a model is a file models/silver/NAME.sql or models/gold/NAME.sql", problem, StringComparison.Ordinal);
        Assert.True(DefinitionFiles.IsPart(path));
    }

    [Fact]
    public void Compile_OneNameForSourceAndModel_IsRefused()
    {
        var problem = TestDefinition.Problem(medallion, TestDefinition.Orders, ("models/silver/orders.sql", "select 1 as a"));

        Assert.Equal("models/silver/orders.sql:1: 'silver.orders' is both a model and the silver table of source 'orders' (pipeline.yaml:3): rename one", problem);
    }

    [Fact]
    public void Compile_KeyThatIsNoColumn_IsRefused()
    {
        var problem = TestDefinition.Problem(medallion, TestDefinition.Orders + "models:\n  gold.m: {key: [order_id]}", ("models/gold/m.sql", "select id from silver.orders"));

        Assert.Equal("models/gold/m.sql:1: the key of 'gold.m' names 'order_id', which is not one of its columns: id", problem);
    }

    [Fact]
    public void Compile_DescriptionOfNoColumn_IsRefused()
    {
        var problem = TestDefinition.Problem(
            medallion, TestDefinition.Orders + "models:\n  gold.m: {columns: {order_id: {description: The order}}}", ("models/gold/m.sql", "select id from silver.orders"));

        Assert.Equal("models/gold/m.sql:1: 'columns' of 'gold.m' describes 'order_id', which is not one of its columns: id", problem);
    }

    /// <summary>To say more of a column is no reason to build its table anew.</summary>
    [Fact]
    public void Compile_Description_DoesNotMoveTheStep()
    {
        var plain = TestDefinition.Compile(medallion, TestDefinition.Orders, ("models/gold/m.sql", "select id from silver.orders"));
        var described = TestDefinition.Compile(
            medallion,
            TestDefinition.Orders.Replace("{type: bigint, required: true}", "{type: bigint, required: true, description: The order}", StringComparison.Ordinal)
                + "models:\n  gold.m: {description: All orders, columns: {id: {description: The order}}}",
            ("models/gold/m.sql", "select id from silver.orders"));

        Assert.Equal(plain.Steps.Select(s => s.Definition), described.Steps.Select(s => s.Definition));
        Assert.Equal(("The order", "The order"), (described.Definition.Sources[0].Columns[0].Description, described.Definition.Models[0].Columns["id"]));
    }

    [Theory]
    [InlineData("select id from silver.orders;\n-- the end\n")]
    [InlineData("select id from Silver.ORDERS -- a comment; with a semicolon")]
    [InlineData("with o as (select * from silver.orders) select id from o")]
    [InlineData("select id, run_time() as at from silver.orders")]
    [InlineData("select ';' as id")]
    public void Compile_GoodModel_Passes(string sql)
    {
        var compiled = TestDefinition.Compile(medallion, TestDefinition.Orders, ("models/gold/m.sql", sql));

        Assert.Equal("gold.m", compiled.Steps[^1].Table.ToString());
    }

    [Fact]
    public void Compile_Models_FollowWhatTheyRead()
    {
        var compiled = TestDefinition.Compile(
            medallion,
            TestDefinition.Orders,
            ("models/gold/a.sql", "select count(*) as n from gold.b join rejected.orders on true"),
            ("models/gold/b.sql", "select id from silver.c"),
            ("models/silver/c.sql", "select id from silver.orders"));

        Assert.Equal(["bronze.orders", "silver.orders", "silver.c", "gold.b", "gold.a"], compiled.Steps.Select(s => s.Table.ToString()));
        Assert.Equal([0, 1, 2, 3, 4], compiled.Steps.Select(s => s.Level));
        Assert.Equal(["gold.b", "rejected.orders"], compiled.Steps[^1].Inputs.Select(i => i.ToString()));
    }

    [Fact]
    public void Compile_SourceWithoutColumns_LeavesItsModelsToTheBuild()
    {
        var compiled = TestDefinition.Compile(medallion, "name: shop\nsources: {orders: {connector: file, path: a.csv}}", ("models/gold/m.sql", "select whatever from silver.orders"));

        Assert.Equal(3, compiled.Steps.Count);
    }
}
