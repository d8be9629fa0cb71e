using System.Globalization;
using System.Text;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Partition values and file names in their three spellings: on the lake, in the log, in the local cache.</summary>
internal static class PartitionPath
{
    private const string HiveNull = "__HIVE_DEFAULT_PARTITION__";

    /// <summary>A lake path below the table's root as <c>add.path</c> has it: URI-encoded on top of what hive escaped.</summary>
    public static string ToLog(string lakePath) =>
        string.Join('/', lakePath.Split('/').Select(segment => Uri.EscapeDataString(segment).Replace("%3D", "=", StringComparison.Ordinal)));

    /// <summary>The lake path below the table's root that <c>add.path</c> names.</summary>
    /// <exception cref="TerminalException">The file is not below the root.</exception>
    public static string FromLog(string logPath) => logPath.StartsWith('/') || logPath.Contains("://", StringComparison.Ordinal)
        ? throw new TerminalException($"The table has the file '{logPath}', which lies elsewhere (a shallow clone); expected a path below the "
            + "table. Clone it deeply.")
        : Uri.UnescapeDataString(logPath);

    /// <summary>A value as DuckDB prints it in the specification's "Partition Value Serialization".</summary>
    public static string? ToLogValue(DeltaType type, string? printed) => (type, printed) switch
    {
        (_, null or "") => null,
        (PrimitiveType { Name: "timestamp" }, _) => $"{printed.Replace(' ', 'T').Replace("+00", "", StringComparison.Ordinal)}Z",
        _ => printed,
    };

    /// <summary>The directory of a partition in the local cache. Columns go by number, because DuckDB does not decode names.</summary>
    public static string ToLocal(IReadOnlyList<string> columns, IReadOnlyDictionary<string, string?> values) =>
        string.Concat(columns.Select((column, index) => $"{LocalColumn(index)}={ToLocal(values.GetValueOrDefault(column))}/"));

    public static string LocalColumn(int index) => string.Create(CultureInfo.InvariantCulture, $"__partition_{index}");

    // The first byte is always escaped: DuckDB takes a bare NULL, in any casing, for null.
    private static string ToLocal(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return HiveNull;
        }

        var first = value.EnumerateRunes().First().ToString();
        return string.Concat(Encoding.UTF8.GetBytes(first).Select(part => $"%{part:X2}")) + Uri.EscapeDataString(value[first.Length..]);
    }
}
