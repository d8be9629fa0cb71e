using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Lakehouse.Storage;

/// <summary>A local file with only some parts of a lake file, each at its place. What lies between takes no disk on Linux and macOS; on Windows it takes all of it.</summary>
internal static class SparseFile
{
    /// <summary>Ends the name of such a file. Its length does not tell what it takes of the disk, so a later process does not take it over.</summary>
    public const string Suffix = ".sparse";

    private const int BufferBytes = 1 << 20;

    /// <summary>Copies the parts. The local file appears only when it has all of them.</summary>
    /// <exception cref="TerminalException">The lake file does not exist, or has not the size told.</exception>
    public static Task DownloadAsync(ILake lake, LakePath path, long sizeBytes, IReadOnlyList<ByteRange> ranges, string localFile, CancellationToken cancellationToken) =>
        WholeFile.WriteAsync(localFile, async part =>
        {
            using var target = File.OpenHandle(part, FileMode.CreateNew, FileAccess.Write, options: FileOptions.Asynchronous);
            RandomAccess.SetLength(target, sizeBytes);
            return ranges.Count == 0 || await lake.ReadFromAsync(
                path,
                ranges[0].Start,
                ifMatch: null,
                stream => CopyAsync(stream, path, sizeBytes, ranges, target, cancellationToken),
                cancellationToken);
        });

    private static async Task<bool> CopyAsync(Stream stream, LakePath path, long sizeBytes, IReadOnlyList<ByteRange> ranges, SafeFileHandle target, CancellationToken cancellationToken)
    {
        var position = ranges[0].Start;
        var found = position + stream.Length - stream.Position;
        if (found != sizeBytes)
        {
            throw new TerminalException($"{path} has {found} bytes on the lake; the table's log says {sizeBytes}. The file was replaced or damaged: restore it.");
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            foreach (var range in ranges)
            {
                stream.Seek(range.Start - position, SeekOrigin.Current);
                for (position = range.Start; position < range.End;)
                {
                    var block = buffer.AsMemory(0, (int)Math.Min(BufferBytes, range.End - position));
                    await stream.ReadExactlyAsync(block, cancellationToken);
                    await RandomAccess.WriteAsync(target, block, position, cancellationToken);
                    position += block.Length;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return true;
    }
}
