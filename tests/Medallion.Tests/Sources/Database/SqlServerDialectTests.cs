using Microsoft.Data.SqlClient;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Tests.Sources.Database;

/// <summary>What SQL Server is asked for. No server is at hand here: its SQL is looked at, not run.</summary>
public sealed class SqlServerDialectTests(MedallionFixture medallion)
{
    private static readonly SqlServerDialect Dialect = new();

    [Theory]
    [InlineData("bit", 0, 0, "BOOLEAN", "{0}")]
    [InlineData("tinyint", 0, 0, "SMALLINT", "{0}")]
    [InlineData("bigint", 0, 0, "BIGINT", "{0}")]
    [InlineData("decimal", 38, 10, "DECIMAL(38,10)", "convert(nvarchar(60), {0})")]
    [InlineData("money", 19, 255, "DECIMAL(19,4)", "convert(nvarchar(40), {0}, 2)")]
    [InlineData("datetime2", 0, 7, "TIMESTAMP WITH TIME ZONE", "convert(nvarchar(40), {0}, 126)")]
    [InlineData("datetimeoffset", 0, 7, "TIMESTAMP WITH TIME ZONE", "convert(nvarchar(40), switchoffset({0}, '+00:00'), 126)")]
    [InlineData("uniqueidentifier", 0, 0, "VARCHAR", "lower(convert(nvarchar(36), {0}))")]
    [InlineData("timestamp", 0, 0, "BLOB", "cast({0} as binary(8))")]
    [InlineData("varbinary", 0, 0, "BLOB", "cast({0} as varbinary(max))")]
    [InlineData("xml", 0, 0, "VARCHAR", "convert(nvarchar(max), {0})")]
    [InlineData("shop.sys.hierarchyid", 0, 0, "VARCHAR", "{0}.ToString()")]
    public void Map_Type_BecomesThatOfBronze(string type, int precision, int scale, string expected, string select)
    {
        var column = SqlServerTypes.Map("c", type, precision, scale);

        Assert.Equal((expected, select), (column.Type, column.Select));
    }

    // What the server writes by style 126, and money by style 2.
    [Theory]
    [InlineData("datetime2", "2024-02-29T10:00:00.1234567", "2024-02-29 10:00:00.123456+00")]
    [InlineData("datetime", "2024-02-29T10:00:00.123", "2024-02-29 10:00:00.123+00")]
    [InlineData("smalldatetime", "2024-02-29T10:00:00", "2024-02-29 10:00:00+00")]
    [InlineData("datetimeoffset", "2024-02-29T10:00:00.1234567+00:00", "2024-02-29 10:00:00.123456+00")]
    [InlineData("date", "0001-01-01", "0001-01-01")]
    [InlineData("money", "-922337203685477.5808", "-922337203685477.5808")]
    public void Value_TextOfTheServer_IsWhatItSays(string type, string text, string expected)
    {
        using var session = ((Engine)medallion.Floor.GetService(typeof(Engine))!).OpenSession();
        var column = SqlServerTypes.Map("c", type, 0, 0);

        Assert.Equal($"{expected}|{column.Type}", session.Scalar<string>($"select v::varchar || '|' || typeof(v) from (select {SqlColumn.Format(column.Value, $"'{text}'")} as v)"));
    }

    [Fact]
    public void Literal_Values_CompareAsTheColumnDoes()
    {
        Assert.Equal("convert(datetime2, N'2024-01-01T00:00:00.1', 126)", Dialect.Literal(SqlServerTypes.Map("c", "datetime2", 0, 7), "2024-01-01T00:00:00.1"));
        Assert.Equal("convert(binary(8), N'0x00000000000007D1', 1)", Dialect.Literal(SqlServerTypes.Map("c", "rowversion", 0, 0), "0x00000000000007D1"));
        Assert.Equal("N'it''s'", Dialect.Literal(SqlServerTypes.Map("c", "nvarchar", 0, 0), "it's"));
        Assert.Equal("12.5", Dialect.Literal(SqlServerTypes.Map("c", "decimal", 9, 2), "12.5"));
        Assert.Throws<FormatException>(() => Dialect.Literal(SqlServerTypes.Map("c", "int", 0, 0), "1; drop table t"));
        Assert.Equal("dateadd(second, -600, convert(datetime2, N'2024-01-01T00:00:00', 126))", Dialect.Before(SqlServerTypes.Map("c", "datetime2", 0, 7), "convert(datetime2, N'2024-01-01T00:00:00', 126)", TimeSpan.FromMinutes(10)));
        Assert.Equal("[a]]b]", Dialect.Identifier("a]b"));
    }

    [Theory]
    [InlineData("tcp:db.example.com,1433", false)]
    [InlineData("db.example.com\\shop", false)]
    [InlineData("", false)]
    [InlineData(".\\shop", true)]
    [InlineData("(localdb)\\mssqllocaldb", true)]
    [InlineData("tcp:127.0.0.1,1433", true)]
    [InlineData("localhost", true)]
    public void IsLoopback_DataSource_TellsThisMachine(string dataSource, bool expected) => Assert.Equal(expected, SqlServerDialect.IsLoopback(dataSource));

    [Fact]
    public void Connect_OtherMachine_NeedsTls()
    {
        var secrets = new List<string>();
        var error = Assert.Throws<TerminalException>(() => Dialect.Connect("Server=db.example.com;User ID=app;Password=planted;Encrypt=False", secrets));
        Assert.EndsWith("expected Encrypt=True", error.Message, StringComparison.Ordinal);
        using var connection = Dialect.Connect("Server=db.example.com;User ID=app;Password=planted", secrets);
        var settings = new SqlConnectionStringBuilder(connection.ConnectionString);
        Assert.Equal((SqlConnectionEncryptOption.Mandatory, false, "pipeline", 300), (settings.Encrypt, settings.TrustServerCertificate, settings.ApplicationName, settings.CommandTimeout));
        Assert.Contains("planted", secrets);
    }
}
