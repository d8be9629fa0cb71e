using System.Buffers.Binary;
using System.IO.Compression;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Looks at a file's bytes where its name is not enough: DuckDB reads a truncated .gz or .zst as if it were whole.</summary>
internal static class FileContent
{
    private const uint ZstdMagic = 0xFD2FB528;

    /// <summary>The file to read instead: a .gz is unpacked (so that DuckDB reads it in parallel), a .zst is checked to be whole.</summary>
    /// <exception cref="InvalidDataException">The file is truncated or not compressed as its name says.</exception>
    public static string MakeReadable(string local, string path)
    {
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".gz":
                var plain = local + ".plain";
                using (var packed = System.IO.File.OpenRead(local))
                using (var unpack = new GZipStream(packed, CompressionMode.Decompress))
                using (var target = System.IO.File.Create(plain))
                {
                    unpack.CopyTo(target, 1 << 20);
                }

                System.IO.File.Delete(local);
                return plain;
            case ".zst":
                RequireWholeZstd(local);
                return local;
            default:
                return local;
        }
    }

    /// <summary>Whether the file begins with the byte order mark of UTF-16.</summary>
    public static bool IsUtf16(string local)
    {
        using var file = System.IO.File.OpenRead(local);
        Span<byte> mark = stackalloc byte[2];
        return file.ReadAtLeast(mark, 2, throwOnEndOfStream: false) == 2 && (mark[0], mark[1]) is (0xFF, 0xFE) or (0xFE, 0xFF);
    }

    // Walks frames and blocks by their headers, RFC 8878 section 3.1; nothing is unpacked.
    private static void RequireWholeZstd(string local)
    {
        using var file = System.IO.File.OpenRead(local);
        using var reader = new BinaryReader(file);
        try
        {
            while (file.Position < file.Length)
            {
                SkipFrame(file, reader);
            }
        }
        catch (EndOfStreamException error)
        {
            throw new InvalidDataException($"the zstd data is truncated after {file.Length} bytes", error);
        }
    }

    private static void SkipFrame(FileStream file, BinaryReader reader)
    {
        var magic = reader.ReadUInt32();
        if ((magic & 0xFFFFFFF0) == 0x184D2A50)
        {
            Skip(file, reader.ReadUInt32());
            return;
        }

        if (magic != ZstdMagic)
        {
            throw new InvalidDataException("the file is not zstd data");
        }

        var descriptor = reader.ReadByte();
        var singleSegment = (descriptor & 0x20) != 0;
        var contentSize = (descriptor >> 6) switch { 0 => singleSegment ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        var dictionary = (descriptor & 3) switch { 3 => 4, var d => d };
        Skip(file, (singleSegment ? 0 : 1) + dictionary + contentSize);
        Span<byte> header = stackalloc byte[4];
        for (var last = false; !last;)
        {
            header.Clear();
            file.ReadExactly(header[..3]);
            var block = BinaryPrimitives.ReadUInt32LittleEndian(header);
            last = (block & 1) != 0;
            var isRun = ((block >> 1) & 3) == 1;
            Skip(file, isRun ? 1 : block >> 3);
        }

        Skip(file, (descriptor & 4) != 0 ? 4 : 0);
    }

    private static void Skip(FileStream file, long bytes)
    {
        if (file.Position + bytes > file.Length)
        {
            throw new EndOfStreamException();
        }

        file.Position += bytes;
    }
}
