using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>Contents of files of all kinds.</summary>
internal static class FileBytes
{
    public static byte[] Gzip(string content) => Gzip(Encoding.UTF8.GetBytes(content));

    public static byte[] Gzip(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return target.ToArray();
    }

    public static byte[] Parquet(MedallionFixture medallion, string select) => Copied(medallion, select, "format parquet");

    // DuckDB writes the text as the only field of a CSV without quotes.
    public static byte[] Zstd(MedallionFixture medallion, string content) =>
        Copied(medallion, $"select {Lakehouse.DuckDb.Sql.Literal(content.TrimEnd('\n'))}", "format csv, header false, quote '', escape '', delimiter '\u001e', compression zstd");

    private static byte[] Copied(MedallionFixture medallion, string select, string options)
    {
        using var session = medallion.Floor.GetRequiredService<Engine>().OpenSession();
        var file = Path.Combine(session.TempDirectory, "copied");
        session.Execute($"copy ({select}) to '{file}' ({options})");
        return System.IO.File.ReadAllBytes(file);
    }
}
