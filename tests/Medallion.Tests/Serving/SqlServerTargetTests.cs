using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Serving.Targets;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>What SQL Server is asked for. No server is at hand here: its SQL is looked at, not run.</summary>
public sealed class SqlServerTargetTests(MedallionFixture medallion)
{
    private static readonly SqlServerTarget Target = new();

    private static TargetTable Table(params string[] key) => new()
    {
        Name = "sales",
        Columns = [Target.Map("id", "BIGINT", 1), Target.Map("select", "VARCHAR", 2), Target.Map("amount", "DECIMAL(38,2)", 0)],
        Key = key,
        Indexes = [],
    };

    [Theory]
    [InlineData("BOOLEAN", 0, "bit", "\"c\"")]
    [InlineData("TINYINT", 0, "smallint", "cast(\"c\" as smallint)")]
    [InlineData("INTEGER", 0, "int", "\"c\"")]
    [InlineData("DECIMAL(38,4)", 0, "decimal(38,4)", "\"c\"")]
    [InlineData("VARCHAR", 0, "nvarchar(max) collate Latin1_General_100_BIN2", "\"c\"")]
    [InlineData("VARCHAR", 1, "nvarchar(450) collate Latin1_General_100_BIN2", "\"c\"")]
    [InlineData("VARCHAR", 3, "nvarchar(150) collate Latin1_General_100_BIN2", "\"c\"")]
    [InlineData("BLOB", 2, "varbinary(450)", "\"c\"")]
    [InlineData("TIMESTAMP WITH TIME ZONE", 0, "datetimeoffset(6)", "\"c\"")]
    [InlineData("STRUCT(a DECIMAL(4,2))", 0, "nvarchar(max)", "to_json(\"c\")::varchar")]
    [InlineData("DECIMAL(4,2)[]", 0, "nvarchar(max)", "to_json(\"c\")::varchar")]
    public void Map_Type_BecomesTheServers(string type, int sharing, string expected, string select) => Assert.Equal(new TargetColumn("c", expected, select), Target.Map("c", type, sharing));

    [Fact]
    public void Merge_ByKey_DeletesUpdatesAndInserts() => Assert.Equal(
        """
        delete t from [dbo].[sales] t join #pipeline_gone s on t.[id] = s.[id] and t.[select] = s.[select];
        update t set [amount] = s.[amount] from [dbo].[sales] t join #pipeline_changed s on t.[id] = s.[id] and t.[select] = s.[select];
        insert into [dbo].[sales] ([id], [select], [amount]) select [id], [select], [amount] from #pipeline_changed s where not exists (select 1 from [dbo].[sales] t where t.[id] = s.[id] and t.[select] = s.[select]);
        drop table #pipeline_changed; drop table #pipeline_gone
        """,
        SqlServerTarget.Merge(new SqlServerDialect().Identifier, Table("id", "select"), "[dbo].[sales]"));

    [Fact]
    public void Merge_KeyAlone_UpdatesNothing() =>
        Assert.DoesNotContain("update t", SqlServerTarget.Merge(new SqlServerDialect().Identifier, Table("id", "select", "amount"), "[dbo].[sales]"), StringComparison.Ordinal);

    [Fact]
    public async Task ChunkReader_Rows_GivesWhatABulkCopyTakes()
    {
        using var session = medallion.Floor.GetRequiredService<Engine>().OpenSession();
        using var rows = session.Query("select true as flag, 7::smallint as small, 99999999999999999999999999999999999999::decimal(38,0) as huge, 1.50::decimal(9,2) as money, date '2024-02-29' as day, timestamptz '2024-01-01 10:00:00.123456+00' as seen, '\\x00\\xFF'::blob as bytes, null::varchar as nothing");
        await using var reader = new ChunkReader(rows);

        Assert.True(reader.Read());
        Assert.Equal(
            [true, (short)7, System.Data.SqlTypes.SqlDecimal.Parse("99999999999999999999999999999999999999"), 1.50m, new DateTime(2024, 2, 29), new DateTimeOffset(2024, 1, 1, 10, 0, 0, 123, 456, TimeSpan.Zero), new byte[] { 0, 255 }, DBNull.Value],
            Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue));
        Assert.Equal((2, typeof(decimal), 2L), (reader.GetOrdinal("HUGE"), reader.GetFieldType(2), reader.GetBytes(6, 0, null, 0, 0)));
        Assert.False(reader.Read());
    }

    [Fact]
    public void Map_NumberThatIsNone_IsRefusedAsItIsRead()
    {
        using var session = medallion.Floor.GetRequiredService<Engine>().OpenSession();

        var error = Assert.ThrowsAny<TerminalException>(() => session.Scalar<double>($"select {Target.Map("c", "DOUBLE", 0).Select} from (select 'nan'::double as c)"));

        Assert.Contains("The column 'c' has a value that is not a number or infinite, which SQL Server cannot hold.", error.Message, StringComparison.Ordinal);
        Assert.Equal(1.5, session.Scalar<double>($"select {Target.Map("c", "DOUBLE", 0).Select} from (select 1.5::double as c)"));
    }
}
