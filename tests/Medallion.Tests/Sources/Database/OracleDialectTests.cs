using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Tests.Sources.Database;

/// <summary>What Oracle Database is asked for. No server is at hand here, and no driver: its SQL is looked at, not run.</summary>
public sealed class OracleDialectTests(MedallionFixture medallion)
{
    private static readonly OracleDialect Dialect = new();

    [Theory]
    [InlineData("Decimal", 10, 2, "DECIMAL(10,2)", "to_char({0}, 'TM9')")]
    [InlineData("Int64", 18, 0, "DECIMAL(18,0)", "to_char({0}, 'TM9')")]
    [InlineData("Decimal", 38, 127, "VARCHAR", "to_char({0}, 'TM9')")]
    [InlineData("Decimal", 5, -2, "DECIMAL(7,0)", "to_char({0}, 'TM9')")]
    [InlineData("Decimal", 2, 5, "DECIMAL(5,5)", "to_char({0}, 'TM9')")]
    [InlineData("Date", 0, 0, "TIMESTAMP WITH TIME ZONE", "to_char({0}, 'YYYY-MM-DD HH24:MI:SS')")]
    [InlineData("TimeStampTZ", 0, 9, "TIMESTAMP WITH TIME ZONE", "to_char(sys_extract_utc({0}), 'YYYY-MM-DD HH24:MI:SS.FF9')")]
    [InlineData("BinaryDouble", 0, 0, "DOUBLE", "{0}")]
    [InlineData("Raw", 0, 0, "BLOB", "{0}")]
    [InlineData("Clob", 0, 0, "VARCHAR", "{0}")]
    [InlineData("IntervalDS", 0, 0, "VARCHAR", "to_char({0})")]
    public void Map_Type_BecomesThatOfBronze(string type, int precision, int scale, string expected, string select)
    {
        var column = OracleTypes.Map("C", type, precision, scale);

        Assert.Equal((expected, select), (column.Type, column.Select));
    }

    [Theory]
    [InlineData("Date", 0, 0, "2024-02-29 23:59:58", "2024-02-29 23:59:58+00")]
    [InlineData("TimeStamp", 0, 9, "2024-02-29 23:59:58.123456789", "2024-02-29 23:59:58.123456+00")]
    [InlineData("Decimal", 4, 2, "-.5", "-0.50")]
    [InlineData("Decimal", 38, 0, "99999999999999999999999999999999999999", "99999999999999999999999999999999999999")]
    public void Value_TextOfTheServer_IsWhatItSays(string type, int precision, int scale, string text, string expected)
    {
        using var session = medallion.Floor.GetRequiredService<Engine>().OpenSession();

        Assert.Equal(expected, session.Scalar<string>($"select ({SqlColumn.Format(OracleTypes.Map("C", type, precision, scale).Value, $"'{text}'")})::varchar"));
    }

    [Fact]
    public void Literal_Values_CompareAsTheColumnDoes()
    {
        Assert.Equal("to_date('2024-01-01T00:00:00', 'YYYY-MM-DD\"T\"HH24:MI:SS')", Dialect.Literal(OracleTypes.Map("C", "Date", 0, 0), "2024-01-01T00:00:00"));
        Assert.Equal("to_timestamp_tz('2024-01-01T00:00:00.1+00:00', 'YYYY-MM-DD\"T\"HH24:MI:SS.FF9TZH:TZM')", Dialect.Literal(OracleTypes.Map("C", "TimeStampTZ", 0, 6), "2024-01-01T00:00:00.1+00:00"));
        Assert.Equal("hextoraw('00FF')", Dialect.Literal(OracleTypes.Map("C", "Raw", 0, 0), "00FF"));
        Assert.Equal("'it''s'", Dialect.Literal(OracleTypes.Map("C", "Varchar2", 0, 0), "it's"));
        Assert.Throws<FormatException>(() => Dialect.Literal(OracleTypes.Map("C", "Decimal", 9, 0), "1 or 1=1"));
        Assert.Throws<FormatException>(() => Dialect.Identifier("a\"b"));
        Assert.Equal("(x - numtodsinterval(600, 'SECOND'))", Dialect.Before(OracleTypes.Map("C", "Date", 0, 0), "x", TimeSpan.FromMinutes(10)));
    }

    [Theory]
    [InlineData("tcps://db.example.com:2484/shop", true)]
    [InlineData("(DESCRIPTION=(ADDRESS=(PROTOCOL = TCPS)(HOST=db.example.com)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=shop)))", true)]
    [InlineData("localhost:1521/FREEPDB1", true)]
    [InlineData("//127.0.0.1/FREEPDB1", true)]
    [InlineData("db.example.com:1521/shop", false)]
    [InlineData("(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=localhost)(PORT=1521)))", false)]
    [InlineData("SHOP", false)]
    public void Connect_OtherMachine_NeedsTls(string source, bool allowed)
    {
        var secrets = new List<string>();
        var text = $"User Id=app;Password=planted;Data Source={source}";
        if (allowed)
        {
            using var connection = Dialect.Connect(text, secrets);
        }
        else
        {
            Assert.EndsWith("expected Data Source=tcps://HOST:PORT/SERVICE", Assert.Throws<TerminalException>(() => Dialect.Connect(text, secrets)).Message, StringComparison.Ordinal);
        }

        Assert.Contains("planted", secrets);
    }
}
