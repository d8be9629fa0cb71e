using System.Buffers.Binary;
using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>What certain columns need of Parquet files: their column chunks and the footer, each at its place. Footers are read from the lake, data is not.</summary>
/// <remarks>Whatever lies behind the last column chunk goes with the footer: Bloom filters and page indexes (https://parquet.apache.org/docs/file-format/).</remarks>
internal static class ColumnFiles
{
    private const int ParallelReads = 8;
    private const long FooterGuess = 256 << 10;

    // The footer's length and the magic number.
    private const int EndBytes = 8;

    // Some writers leave the header of the dictionary page out of a chunk's size (PARQUET-816).
    private const long ChunkSlack = 100;

    /// <summary>The same files with only what the columns need; a file of which they need all stays as it is.</summary>
    /// <param name="lake">Where the footers are read.</param>
    /// <param name="session">Reads them from its temporary folder.</param>
    /// <param name="files">The files.</param>
    /// <param name="columns">The columns' names; none: only the number of rows is wanted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="TerminalException">A file is gone, has another size than told, or is no Parquet file.</exception>
    public static async Task<IReadOnlyList<CacheRequest>> NarrowAsync(
        ILake lake, DuckDbSession session, IReadOnlyList<CacheRequest> files, IReadOnlySet<string> columns, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
        {
            return files;
        }

        var folder = Directory.CreateDirectory(Path.Combine(session.TempDirectory, Path.GetRandomFileName())).FullName;
        try
        {
            var footers = files.Select((_, number) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{number}.parquet"))).ToList();
            var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, files.Count, options, async (number, token) => await ReadFooterAsync(lake, files[number], footers[number], token));
            var chunks = Chunks(session, footers, cancellationToken).ToLookup(chunk => chunk.File);
            var name = $"-{TableReader.Hash(string.Join('\0', columns.Select(column => column.ToUpperInvariant()).Order(StringComparer.Ordinal)))}{SparseFile.Suffix}";
            return [.. files.Zip(footers, (file, footer) =>
            {
                var ranges = ByteRange.Blocks(Needed([.. chunks[footer]], columns, file.SizeBytes), file.SizeBytes);
                return ranges.Sum(range => range.Length) < file.SizeBytes ? file with { LocalName = file.LocalName + name, Ranges = ranges } : file;
            })];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ReadFooterAsync(ILake lake, CacheRequest file, string local, CancellationToken cancellationToken)
    {
        var bytes = Math.Min(FooterGuess, file.SizeBytes);
        await ReadEndAsync(bytes);
        var end = new byte[sizeof(uint)];
        using (var read = File.OpenHandle(local))
        {
            RandomAccess.Read(read, end, Math.Max(0, file.SizeBytes - EndBytes));
        }

        var footer = (long)BinaryPrimitives.ReadUInt32LittleEndian(end) + EndBytes;
        if (footer > bytes)
        {
            await ReadEndAsync(Math.Min(footer, file.SizeBytes));
        }

        Task ReadEndAsync(long count) => SparseFile.DownloadAsync(lake, file.Path, file.SizeBytes, [new ByteRange(file.SizeBytes - count, file.SizeBytes)], local, cancellationToken);
    }

    private static List<Chunk> Chunks(DuckDbSession session, IReadOnlyList<string> footers, CancellationToken cancellationToken)
    {
        using var result = session.Query(
            $"""
            SELECT file_name, path_in_schema, least(nullif(dictionary_page_offset, 0), nullif(index_page_offset, 0), data_page_offset) AS start, start + total_compressed_size,
                bloom_filter_offset, bloom_filter_length
            FROM parquet_metadata({Sql.List(footers)})
            """,
            cancellationToken);
        var chunks = new List<Chunk>();
        while (result.Read())
        {
            chunks.Add(new Chunk(result.Get<string>(0) ?? "", result.Get<string>(1) ?? "", new ByteRange(result.Get<long>(2), result.Get<long>(3)), result.Get<long?>(4), result.Get<long?>(5)));
        }

        return chunks;
    }

    private static List<ByteRange> Needed(IReadOnlyList<Chunk> chunks, IReadOnlySet<string> columns, long sizeBytes)
    {
        var footer = new ByteRange(chunks.Select(chunk => chunk.Bytes.End).DefaultIfEmpty(0).Max(), sizeBytes);
        var needed = new List<ByteRange> { footer };
        foreach (var chunk in chunks.Where(chunk => columns.Any(chunk.IsOf)))
        {
            needed.Add(chunk.Bytes with { End = chunk.Bytes.End + ChunkSlack });
            if (chunk.FilterStart is { } filter && filter < footer.Start)
            {
                needed.Add(new ByteRange(filter, filter + (chunk.FilterBytes ?? footer.Start - filter)));
            }
        }

        return needed;
    }

    /// <summary>A column's part of a row group.</summary>
    private sealed record Chunk(string File, string Path, ByteRange Bytes, long? FilterStart, long? FilterBytes)
    {
        // DuckDB joins a field's path by commas: a column of such a name may be taken for another's field, which is then read too.
        public bool IsOf(string column) => Path.Equals(column, StringComparison.OrdinalIgnoreCase) || Path.StartsWith($"{column}, ", StringComparison.OrdinalIgnoreCase);
    }
}
