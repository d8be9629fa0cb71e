using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class ValueTests : IDisposable
{
    private static readonly string[] Nested = ["x", "y"];

    private readonly DuckDbSession session = Sessions.Open();

    public static TheoryData<string, object?, string> Values => new()
    {
        { "true", true, "BOOLEAN" },
        { "(-1)::TINYINT", (sbyte)-1, "TINYINT" },
        { "255::UTINYINT", (byte)255, "UTINYINT" },
        { "(-32768)::SMALLINT", short.MinValue, "SMALLINT" },
        { "65535::USMALLINT", ushort.MaxValue, "USMALLINT" },
        { "42", 42, "INTEGER" },
        { "4294967295::UINTEGER", uint.MaxValue, "UINTEGER" },
        { "(-9223372036854775808)::BIGINT", long.MinValue, "BIGINT" },
        { "18446744073709551615::UBIGINT", ulong.MaxValue, "UBIGINT" },
        { "(-170141183460469231731687303715884105728)::HUGEINT", Int128.MinValue, "HUGEINT" },
        { "340282366920938463463374607431768211455::UHUGEINT", UInt128.MaxValue, "UHUGEINT" },
        { "1.5::FLOAT", 1.5f, "FLOAT" },
        { "0.1::DOUBLE", 0.1, "DOUBLE" },
        { "-12.3::DECIMAL(4,1)", -12.3m, "DECIMAL(4,1)" },
        { "12345.67::DECIMAL(9,2)", 12345.67m, "DECIMAL(9,2)" },
        { "-0.0001::DECIMAL(18,4)", -0.0001m, "DECIMAL(18,4)" },
        { "79228162514264337593543950335::DECIMAL(38,0)", decimal.MaxValue, "DECIMAL(38,0)" },
        { "'-0.12345678901234567890123456789012345678'::DECIMAL(38,38)", "-0.12345678901234567890123456789012345678", "DECIMAL(38,38)" },
        { "99999999999999999999999999999999999999::DECIMAL(38,0)", "99999999999999999999999999999999999999", "DECIMAL(38,0)" },
        { "'twelve bytes'", "twelve bytes", "VARCHAR" },
        { "'thirteen byte'", "thirteen byte", "VARCHAR" },
        { "'ä€😀' || chr(0) || 'x'", "ä€😀\0x", "VARCHAR" },
        { "''", "", "VARCHAR" },
        { "'\\x00\\xFF'::BLOB", new byte[] { 0, 255 }, "BLOB" },
        { "DATE '0001-01-01'", DateOnly.MinValue, "DATE" },
        { "DATE '9999-12-31'", DateOnly.MaxValue, "DATE" },
        { "TIME '23:59:59.999999'", new TimeOnly(863_999_999_990), "TIME" },
        { "TIMESTAMP '1969-12-31 23:59:59.5'", new DateTime(1969, 12, 31, 23, 59, 59, 500), "TIMESTAMP" },
        { "TIMESTAMP_S '2024-02-29 01:02:03'", new DateTime(2024, 2, 29, 1, 2, 3), "TIMESTAMP_S" },
        { "TIMESTAMP_MS '2024-02-29 01:02:03.004'", new DateTime(2024, 2, 29, 1, 2, 3, 4), "TIMESTAMP_MS" },
        { "TIMESTAMP_NS '2024-02-29 01:02:03.000000100'", new DateTime(2024, 2, 29, 1, 2, 3).AddTicks(1), "TIMESTAMP_NS" },
        { "TIMESTAMPTZ '2024-02-29 01:02:03+02'", new DateTimeOffset(2024, 2, 28, 23, 2, 3, TimeSpan.Zero), "TIMESTAMP WITH TIME ZONE" },
        { "INTERVAL '1 year 2 months 1 day -04:05:06.07'", "1 year 2 months 1 day -04:05:06.07", "INTERVAL" },
        { "INTERVAL 0 DAY", "00:00:00", "INTERVAL" },
        { "UUID '00112233-4455-6677-8899-aabbccddeeff'", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "UUID" },
        { "'b'::ENUM('a', 'b')", "b", "ENUM('a', 'b')" },
        { "'{\"a\": 1}'::JSON", "{\"a\": 1}", "JSON" },
        { "[1, NULL]", new List<object?> { 1, null }, "INTEGER[]" },
        { "[[1], []]", new List<object?> { new List<object?> { 1 }, new List<object?>() }, "INTEGER[][]" },
        { "[1.5, 2]::FLOAT[2]", new List<object?> { 1.5f, 2f }, "FLOAT[2]" },
        { "{'a': 1, 'b': ['x', 'y']}", new Dictionary<string, object?> { ["a"] = 1, ["b"] = Nested.ToList<object?>() }, "STRUCT(a INTEGER, b VARCHAR[])" },
        { "MAP {2: 'x', 3: NULL}", new Dictionary<string, object?> { ["2"] = "x", ["3"] = null }, "MAP(INTEGER, VARCHAR)" },
        { "NULL::INTEGER", null, "INTEGER" },
    };

    public void Dispose() => session.Dispose();

    /// <summary>The second row makes sure that values are read by row, the third that NULL is.</summary>
    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void Query_Value_IsItsClrKin(string sql, object? expected, string type)
    {
        Assert.Equal([new DuckDbColumn("v", type)], session.Describe($"SELECT {sql} AS v"));
        using var result = session.Query($"SELECT {sql} AS v UNION ALL SELECT {sql} UNION ALL SELECT NULL");
        Assert.Equal([new DuckDbColumn("v", type)], result.Columns);
        Assert.Equal([expected, expected, null], result.Rows().Select(row => row[0]));
    }

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void Query_Parameter_ComesBack(string sql, object? expected, string type)
    {
        // A DateTime parameter has microseconds.
        if ((expected is not null and not System.Collections.ICollection and not UInt128 && type != "TIMESTAMP_NS") || expected is byte[])
        {
            using var result = session.Query($"SELECT $1::{type} IS NOT DISTINCT FROM {sql}", [expected]);
            Assert.Equal([true], result.Rows().Select(row => row[0]));
        }
    }

    [Theory]
    [InlineData("'infinity'::TIMESTAMP")]
    [InlineData("'-infinity'::DATE")]
    [InlineData("DATE '10000-01-01'")]
    [InlineData("TIME '24:00:00'")]
    [InlineData("'101'::BIT")]
    [InlineData("TIMETZ '01:02:03+02'")]
    public void Query_NoClrKin_AsksForACast(string sql)
    {
        using var result = session.Query($"SELECT {sql}");
        Assert.True(result.Read());
        Assert.Contains("cast the column to VARCHAR", Assert.Throws<DuckDbException>(() => result[0]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_OtherNumber_ConvertsWhereItFits()
    {
        using var result = session.Query("SELECT sum(i), 300, NULL FROM range(3) r(i)");
        Assert.True(result.Read());
        Assert.Equal((3L, 3, 300m), (result.Get<long>(0), result.Get<int?>(0), result.Get<decimal>(1)));
        Assert.Throws<OverflowException>(() => result.Get<byte>(1));
        Assert.Null(result.Get<long?>(2));
    }

    [Fact]
    public void Elements_ListOfFloats_AreOneSpan()
    {
        using var result = session.Query("SELECT [i, i + 0.5]::FLOAT[] FROM range(3) r(i)");
        var vector = result.NextChunk()![0];
        Assert.Equal([0, 0.5f, 1, 1.5f, 2, 2.5f], vector.Elements.Values<float>().ToArray());
        Assert.Equal((2, 2), vector.Range(1));
    }

    [Fact]
    public void Append_Rows_AreInTheTable()
    {
        session.Execute("CREATE SCHEMA s; CREATE TABLE s.t (i BIGINT, t VARCHAR, d DECIMAL(9,2), z TIMESTAMPTZ)");
        using (var appender = session.Append("t", "s"))
        {
            for (var i = 0; i < 5000; i++)
            {
                appender.Append(i, i % 2 == 0 ? null : $"ä{i}", 1.25m, new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.FromHours(1)));
            }

            appender.Complete();
        }

        using var result = session.Query("SELECT count(*), sum(i), count(t), max(t), sum(d), min(z) FROM s.t");
        Assert.Equal([5000L, (Int128)12_497_500, 2500L, "ä999", 6250m, new DateTimeOffset(2023, 12, 31, 23, 0, 0, TimeSpan.Zero)], result.Rows().Single());
    }

    [Fact]
    public void Append_NotCompleted_IsNotInTheTable()
    {
        session.Execute("CREATE TABLE t (i INTEGER)");
        using (var appender = session.Append("t"))
        {
            appender.Append(1);
        }

        Assert.Equal(0, session.Scalar<int>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Append_Wrong_IsRefused()
    {
        session.Execute("CREATE TABLE t (i INTEGER NOT NULL)");
        Assert.Throws<DuckDbException>(() => session.Append("missing"));
        using (var appender = session.Append("t"))
        {
            Assert.Throws<DuckDbException>(() => appender.Append("no number"));
        }

        using (var appender = session.Append("t"))
        {
            Assert.Throws<DuckDbException>(() => appender.Append(1, 2));
        }

        using (var appender = session.Append("t"))
        {
            appender.Append([null]);
            Assert.Throws<DuckDbException>(appender.Complete);
        }
    }
}
