using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class FileFilterTests(AzuriteFixture azurite)
{
    private const string Long = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

    private static readonly (string Column, string Type, string[] Values)[] Columns =
    [
        ("b", "BOOLEAN", ["false", "true"]),
        ("ti", "TINYINT", ["-128", "-1", "0", "5", "127"]),
        ("si", "SMALLINT", ["-32768", "0", "7", "32767"]),
        ("i", "INTEGER", ["-2147483648", "-3", "0", "12", "2147483647"]),
        ("bi", "BIGINT", ["-9223372036854775808", "9007199254740992", "9007199254740993", "9223372036854775807"]),
        ("f", "FLOAT", ["-inf", "-1.5", "-0.0", "0.1", "16777216", "inf", "nan"]),
        ("d", "DOUBLE", ["-1e300", "-0.1", "0.0", "0.1", "0.30000000000000004", "inf", "nan"]),
        ("de", "DECIMAL(9,2)", ["-1234567.89", "-0.01", "0.00", "0.10", "99.99"]),
        ("dl", "DECIMAL(38,10)", ["-1234567890123456789012345678.0123456789", "0.0000000001", "1234567890123456789012345678.0123456788", "1234567890123456789012345678.0123456789"]),
        ("s", "VARCHAR", ["", "A", "a", "ä", "\uFFFD", "😀", $"{Long}", $"{Long}a", $"{Long[..32]}😀", $"{Long}\U0010FFFF"]),
        ("dt", "DATE", ["0001-01-01", "1582-10-14", "1969-12-31", "2024-02-29", "9999-12-31"]),
        ("ts", "TIMESTAMPTZ", ["0001-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00", "1970-01-01 00:00:00+00", "2024-01-02 03:04:05.123456+00", "2024-01-02 03:04:05.123457+00", "infinity"]),
        ("bl", "BLOB", ["", "a", "\\xAB"]),
    ];

    [Fact]
    public async Task Narrow_EveryTypeComparisonAndValue_KeepsEveryFileThatHoldsAMatch()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var random = new Random(7);
        for (var file = 0; file < 7; file++)
        {
            var rows = Enumerable.Range(0, 1 + file).Select(row => string.Join(", ", Columns.Select(column => Value(column.Type, random.Next(5) == 0 ? null : Pick(random, column.Values, file)))));
            await table.CommitAsync(CommitMode.Append, $"SELECT * FROM (VALUES ({string.Join("), (", rows)})) AS t({string.Join(", ", Columns.Select(column => column.Column))})");
        }

        var (skipped, tried) = await TryAllAsync(table, Columns);
        Assert.True(skipped > tried / 4, $"{skipped} of {tried} files were left out.");
    }

    [Fact]
    public async Task Narrow_PartitionsOfEveryType_KeepsEveryFileThatHoldsAMatch()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        foreach (var column in Columns.Where(column => column.Type is not ("FLOAT" or "DOUBLE" or "BLOB")))
        {
            var values = column.Values.Where(value => value is not ("" or "infinity")).ToArray();
            var rows = string.Join("), (", values.Append(null).Select((value, row) => $"{row}, {Value(column.Type, value)}"));
            await table.CommitAsync(CommitMode.Overwrite, $"SELECT * FROM (VALUES ({rows})) AS t(id, {column.Column})", column.Column);
            var (skipped, tried) = await TryAllAsync(table, [(column.Column, column.Type, values)]);
            Assert.True(skipped > tried / 4, $"{column.Column}: {skipped} of {tried} files were left out.");
        }
    }

    [Fact]
    public async Task Narrow_SeveralConditions_HoldTogetherAndReadLess()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id, range // 10 AS p FROM range(40)", "p");
        await table.CommitAsync(CommitMode.Append, "SELECT range + 40 AS id, range // 10 AS p FROM range(40)", "p");
        var filter = new FileFilter(new ColumnCondition("p", FileComparison.In, "1", "3"), new ColumnCondition("ID", FileComparison.Less, "20"));
        var snapshot = await table.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException();
        var narrowed = filter.Narrow(snapshot);

        Assert.Equal("1", Assert.Single(narrowed.Files).PartitionValues["p"]);
        var select = $"SELECT id FROM silver.orders WHERE {filter.ToSql(snapshot.Schema)} ORDER BY ALL";
        Assert.Equal(await table.RowsAsync(snapshot, select), await table.RowsAsync(narrowed, select));
        Assert.Equal(8, new FileFilter().Narrow(snapshot).Files.Count);
        Assert.Empty(new FileFilter(new ColumnCondition("p", FileComparison.In)).Narrow(snapshot).Files);
    }

    private static string Value(string type, string? text) => $"CAST({(text is null ? "NULL" : $"'{text}'")} AS {type})";

    // Files hold neighbouring values, so that there is something to leave out.
    private static string Pick(Random random, string[] values, int file) => values[(file + random.Next(2)) % values.Length];

    private static async Task<(int Skipped, int Tried)> TryAllAsync(LakeTable table, IReadOnlyList<(string Column, string Type, string[] Values)> columns)
    {
        var snapshot = await table.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException();
        table.Session.Execute("DROP TABLE IF EXISTS everything");
        for (var file = 0; file < snapshot.Files.Count; file++)
        {
            using var lease = await table.ViewAsync(snapshot with { Files = [snapshot.Files[file]] });
            table.Session.Execute(file == 0 ? "CREATE TABLE everything AS SELECT 0 AS file, * FROM silver.orders" : $"INSERT INTO everything SELECT {file}, * FROM silver.orders");
        }

        var (skipped, tried) = (0, 0);
        foreach (var condition in columns.SelectMany(column => Conditions(column.Column, column.Values)))
        {
            var filter = new FileFilter(condition);
            var kept = filter.Narrow(snapshot).Files.Select(file => file.Path).ToHashSet();
            using var matching = table.Session.Query($"SELECT DISTINCT file FROM everything WHERE {filter.ToSql(snapshot.Schema)}");
            Assert.All(matching.Rows(), row => Assert.True(kept.Contains(snapshot.Files[(int)(row[0] ?? -1)].Path), $"{condition} left out a file with a match: {snapshot.Files[(int)(row[0] ?? -1)]}"));
            skipped += snapshot.Files.Count - kept.Count;
            tried += snapshot.Files.Count;
        }

        return (skipped, tried);
    }

    private static IEnumerable<ColumnCondition> Conditions(string column, string[] values) =>
    [
        new ColumnCondition(column, FileComparison.IsNull),
        new ColumnCondition(column, FileComparison.IsNotNull),
        new ColumnCondition(column, FileComparison.In, values[0], values[^1]),
        .. from value in values
           from comparison in new[] { FileComparison.In, FileComparison.Less, FileComparison.AtMost, FileComparison.Greater, FileComparison.AtLeast }
           select new ColumnCondition(column, comparison, value),
    ];
}
