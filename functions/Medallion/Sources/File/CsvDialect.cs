using System.Globalization;
using System.Text;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Sources.File;

/// <summary>How DuckDB is told to read a CSV file.</summary>
internal static class CsvDialect
{
    /// <summary>Options of read_csv for lines of up to 16 MiB.</summary>
    public const string LineLimits = "max_line_size=16777216, buffer_size=33554432";

    // Buffers of every column are held at once: thousands of them exceed a session's memory.
    private const int MostColumns = 2000;

    /// <summary>Options of read_csv. Columns are those of the header and quotes those of RFC 4180: guessed from the rows, one unclosed quote would change how all of them are read.</summary>
    /// <param name="session">Reads the header; its temporary folder gets a copy of it.</param>
    /// <param name="local">The file.</param>
    /// <param name="number">Names the copy.</param>
    /// <exception cref="InvalidDataException">The header cannot be that of a table.</exception>
    public static string Of(DuckDbSession session, string local, int number)
    {
        if (FileContent.PackedEnding(local).Length > 0)
        {
            using var line = new StringReader(session.Scalar<string?>($"select any_value(line) from (select line from {ZstdLines(local)} limit 1)") ?? "");
            using var packed = new StringWriter();
            RequireColumns(FileContent.CopyHeader(line, packed), Encoding.UTF8.GetBytes(packed.ToString()));
            return "all_varchar=true";
        }

        var header = Path.Combine(session.TempDirectory, string.Create(CultureInfo.InvariantCulture, $"header-{number}.csv"));
        var delimiter = FileContent.CopyHeader(local, header);
        RequireColumns(delimiter, System.IO.File.ReadAllBytes(header));
        var dialect = $"delim={Sql.Literal(delimiter.ToString())}, quote='\"', escape='\"'";
        var names = session.Describe($"select * from read_csv({Sql.Literal(header)}, all_varchar=true, header=true, {LineLimits}, {dialect})").Select(c => c.Name).ToList();
        System.IO.File.Delete(header);
        RequireNames("the header", names);
        return $"{dialect}, auto_detect=false, columns={{{string.Join(", ", names.Select(n => $"{Sql.Literal(n)}: 'VARCHAR'"))}}}";
    }

    /// <summary>Refuses names with a NUL character: SQL has no way to write them.</summary>
    public static void RequireNames(string place, IEnumerable<string> names)
    {
        if (names.Any(name => name.Contains('\0', StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"{place} holds a NUL character");
        }
    }

    // Before DuckDB is asked for the names, which alone takes tens of KiB for each.
    private static void RequireColumns(char delimiter, byte[] header)
    {
        if (new CsvStates(delimiter, default).CountValues(header) is > MostColumns and var count)
        {
            throw new InvalidDataException($"the header names {count} columns, expected at most {MostColumns}");
        }
    }

    /// <summary>The lines of a zstd file, whatever is in them.</summary>
    public static string ZstdLines(string local) =>
        $"read_csv({Sql.Literal(local)}, columns={{'line': 'VARCHAR'}}, auto_detect=false, header=false, delim=chr(30), quote='', escape='', compression='zstd', {LineLimits}, ignore_errors=true)";
}
