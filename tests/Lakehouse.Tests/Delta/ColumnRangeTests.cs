using Pipeline.Lakehouse.Delta;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>Statistics as other writers leave them: cut, incomplete or odd.</summary>
public sealed class ColumnRangeTests
{
    [Theory]
    [InlineData("integer", """{"numRecords":9,"minValues":{"c":3},"maxValues":{"c":5},"nullCount":{"c":0}}""", FileComparison.In, "4", true)]
    [InlineData("integer", """{"numRecords":9,"minValues":{"c":3},"maxValues":{"c":5},"nullCount":{"c":0}}""", FileComparison.In, "6", false)]
    [InlineData("integer", """{"numRecords":9,"minValues":{"c":3},"maxValues":{"c":5},"nullCount":{"c":0}}""", FileComparison.AtMost, "3", true)]
    [InlineData("integer", """{"numRecords":9,"minValues":{"c":3},"maxValues":{"c":5},"nullCount":{"c":0}}""", FileComparison.Less, "3", false)]
    [InlineData("integer", """{"numRecords":9,"minValues":{"c":3},"maxValues":{"c":5},"nullCount":{"c":0}}""", FileComparison.AtLeast, "5", true)]
    [InlineData("integer", """{"numRecords":9,"minValues":{"c":3},"maxValues":{"c":5},"nullCount":{"c":0}}""", FileComparison.Greater, "5", false)]
    [InlineData("integer", """{"numRecords":9,"minValues":{"c":3},"maxValues":{"c":5},"nullCount":{"c":0}}""", FileComparison.In, "4.5", true)]
    [InlineData("integer", """{"numRecords":9,"maxValues":{"c":5}}""", FileComparison.Less, "-100", true)]
    [InlineData("integer", """{"numRecords":9}""", FileComparison.In, "4", true)]
    [InlineData("integer", """{"numRecords":9,"nullCount":{"c":9}}""", FileComparison.In, "4", false)]
    [InlineData("integer", """{"nullCount":{"c":9}}""", FileComparison.In, "4", true)]
    [InlineData("integer", """{"numRecords":9,"minValues":{"other":3},"maxValues":{"other":5}}""", FileComparison.In, "9", true)]
    [InlineData("integer", """{"numRecords":"x","minValues":{"c":3},"maxValues":{"c":5}}""", FileComparison.In, "9", true)]
    [InlineData("integer", """[1]""", FileComparison.In, "9", true)]
    [InlineData("integer", """no json""", FileComparison.In, "9", true)]
    [InlineData("decimal(9,2)", """{"minValues":{"c":1E+2},"maxValues":{"c":1.5e2}}""", FileComparison.Less, "100", false)]
    [InlineData("decimal(9,2)", """{"minValues":{"c":"1.00"},"maxValues":{"c":"2.00"}}""", FileComparison.Greater, "2.00", false)]
    [InlineData("decimal(9,2)", """{"minValues":{"c":1.00},"maxValues":{"c":2.00}}""", FileComparison.Greater, "1.999", true)]
    [InlineData("decimal(38,0)", """{"minValues":{"c":0},"maxValues":{"c":12345678901234567000}}""", FileComparison.AtLeast, "12345678901234567890", true)]
    [InlineData("decimal(38,0)", """{"minValues":{"c":0},"maxValues":{"c":12345678901234567000}}""", FileComparison.AtLeast, "12345678902234567890", false)]
    [InlineData("float", """{"minValues":{"c":0.1},"maxValues":{"c":0.1}}""", FileComparison.In, "0.10000000149011612", true)]
    [InlineData("double", """{"minValues":{"c":1.0},"maxValues":{"c":2.0}}""", FileComparison.Greater, "5", true)]
    [InlineData("double", """{"minValues":{"c":1.0},"maxValues":{"c":2.0}}""", FileComparison.In, "5", false)]
    [InlineData("double", """{"minValues":{"c":1.0},"maxValues":{"c":"NaN"}}""", FileComparison.In, "5", true)]
    [InlineData("double", """{"minValues":{"c":1.0},"maxValues":{"c":2.0}}""", FileComparison.In, "nan", true)]
    [InlineData("string", """{"minValues":{"c":"abc"},"maxValues":{"c":"abd\uFFFD"}}""", FileComparison.In, "abd😀", true)]
    [InlineData("string", """{"minValues":{"c":"abc"},"maxValues":{"c":"abd\uFFFD"}}""", FileComparison.In, "abe", false)]
    [InlineData("string", """{"minValues":{"c":"abc"},"maxValues":{"c":"abd\uDBFF\uDFFF"}}""", FileComparison.Greater, "abd\U0010FFFF\U0010FFFF", true)]
    [InlineData("string", """{"minValues":{"c":"abc"},"maxValues":{"c":"ab\uD83D\uDFFF"}}""", FileComparison.In, "ab\uD83D\uDFFF", true)]
    [InlineData("string", """{"minValues":{"c":"a"},"maxValues":{"c":"\uD83D"}}""", FileComparison.In, "zzz", true)]
    [InlineData("timestamp", """{"minValues":{"c":"2024-01-02T00:00:00.123Z"},"maxValues":{"c":"2024-01-02T00:00:00.123Z"}}""", FileComparison.In, "2024-01-02 00:00:00.123999+00", true)]
    [InlineData("timestamp", """{"minValues":{"c":"2024-01-02T00:00:00.123Z"},"maxValues":{"c":"2024-01-02T00:00:00.123Z"}}""", FileComparison.In, "2024-01-02 00:00:00.124+00", false)]
    [InlineData("timestamp", """{"minValues":{"c":"2024-01-02T00:00:00.123-08:00"},"maxValues":{"c":"2024-01-02T00:00:00.123-08:00"}}""", FileComparison.In, "2024-01-02 08:00:00.123+00", true)]
    [InlineData("timestamp", """{"minValues":{"c":"2024-01-02T00:00:00.123"},"maxValues":{"c":"2024-01-02T00:00:00.123"}}""", FileComparison.In, "1999-01-02 08:00:00+00", true)]
    [InlineData("date", """{"minValues":{"c":"1500-01-01"},"maxValues":{"c":"+12345-01-01"}}""", FileComparison.In, "1400-01-01", true)]
    [InlineData("boolean", """{"minValues":{"c":true},"maxValues":{"c":true}}""", FileComparison.In, "false", false)]
    [InlineData("binary", """{"minValues":{"c":"AA"},"maxValues":{"c":"AB"}}""", FileComparison.In, "x", true)]
    public void Narrow_StatisticsOfAnyWriter_LeavesOutOnlyWhatIsCertain(string type, string statistics, FileComparison comparison, string value, bool kept)
    {
        var snapshot = Snapshot(type, TestTable.File("a") with { Statistics = new FileStatistics { Rows = null, Json = statistics } });
        Assert.Equal(kept, new FileFilter(new ColumnCondition("c", comparison, value)).Narrow(snapshot).Files.Count == 1);
    }

    [Theory]
    [InlineData("""{"numRecords":9,"nullCount":{"c":0}}""", false, true)]
    [InlineData("""{"numRecords":9,"nullCount":{"c":3}}""", true, true)]
    [InlineData("""{"numRecords":9,"nullCount":{"c":9}}""", true, false)]
    [InlineData("""{"numRecords":0,"nullCount":{"c":0}}""", false, false)]
    [InlineData("""{}""", true, true)]
    public void Narrow_Nulls_AreKnownByTheirCount(string statistics, bool mayBeNull, bool mayBeValue)
    {
        var snapshot = Snapshot("string", TestTable.File("a") with { Statistics = new FileStatistics { Rows = null, Json = statistics } });
        Assert.Equal(mayBeNull, new FileFilter(new ColumnCondition("c", FileComparison.IsNull)).Narrow(snapshot).Files.Count == 1);
        Assert.Equal(mayBeValue, new FileFilter(new ColumnCondition("c", FileComparison.IsNotNull)).Narrow(snapshot).Files.Count == 1);
    }

    [Fact]
    public void Narrow_FileWithoutStatistics_Stays() =>
        Assert.Single(new FileFilter(new ColumnCondition("c", FileComparison.In, "x")).Narrow(Snapshot("string", TestTable.File("a") with { Statistics = null })).Files);

    [Theory]
    [InlineData("no", FileComparison.Less, "which the table lacks")]
    [InlineData("c", FileComparison.Less, "has 2 values; expected 1")]
    [InlineData("c", FileComparison.IsNull, "has 2 values; expected 0")]
    public void Narrow_ConditionThatCannotBe_IsRefused(string column, FileComparison comparison, string message)
    {
        var refused = Assert.Throws<TerminalException>(() => new FileFilter(new ColumnCondition(column, comparison, "1", "2")).Narrow(Snapshot("long")));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Narrow_NestedColumn_KnowsNullsOnly()
    {
        var snapshot = Snapshot("long") with { Schema = new DeltaSchema { Fields = [new DeltaField { Name = "c", Type = new ArrayType(new PrimitiveType("long")) }] } };
        Assert.Throws<TerminalException>(() => new FileFilter(new ColumnCondition("c", FileComparison.In, "1")).Narrow(snapshot));
        Assert.Single(new FileFilter(new ColumnCondition("c", FileComparison.IsNull)).Narrow(snapshot).Files);
    }

    private static DeltaSnapshot Snapshot(string type, params AddFile[] files) => new()
    {
        Version = 0,
        TableId = "t",
        Schema = TestTable.Schema(("c", type), ("other", "string")),
        PartitionColumns = [],
        Configuration = new Dictionary<string, string>(),
        Files = files.Length == 0 ? [TestTable.File("a")] : files,
        Transactions = new Dictionary<string, long>(),
        Domains = new Dictionary<string, string>(),
        CommittedUtc = DateTimeOffset.UnixEpoch,
    };
}
