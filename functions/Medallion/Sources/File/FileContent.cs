using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Looks at a file's bytes where its name is not enough: DuckDB reads a truncated .gz or .zst as if it were whole.</summary>
internal static class FileContent
{
    private const uint ZstdMagic = 0xFD2FB528;
    private const int LongestHeader = 1 << 20;

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

                RequireWholeGzip(local, plain);
                System.IO.File.Delete(local);
                return plain;
            case ".zst":
                RequireWholeZstd(local);
                return local;
            default:
                return local;
        }
    }

    /// <summary>The ending that tells how a file is packed; empty where it is not.</summary>
    public static string PackedEnding(string path) => Path.GetExtension(path).ToLowerInvariant() is ".gz" or ".zst" ? Path.GetExtension(path).ToLowerInvariant() : "";

    /// <summary>The same text in UTF-8 without a byte order mark, which JSON has no place for.</summary>
    public static string WithoutMark(string local)
    {
        using (var file = System.IO.File.OpenRead(local))
        {
            Span<byte> mark = stackalloc byte[3];
            var read = file.ReadAtLeast(mark, 3, throwOnEndOfStream: false);
            if (read < 2 || !(mark[..read].SequenceEqual((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) || (mark[0], mark[1]) is (0xFF, 0xFE) or (0xFE, 0xFF)))
            {
                return local;
            }
        }

        var plain = local + ".utf8";
        using (var source = new StreamReader(local, Encoding.UTF8, detectEncodingFromByteOrderMarks: true))
        using (var target = new StreamWriter(plain, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)))
        {
            var buffer = new char[1 << 16];
            for (var count = source.Read(buffer, 0, buffer.Length); count > 0; count = source.Read(buffer, 0, buffer.Length))
            {
                target.Write(buffer, 0, count);
            }
        }

        System.IO.File.Delete(local);
        return plain;
    }

    /// <summary>Copies the header of a CSV file, which may go over several lines where names are quoted.</summary>
    /// <returns>The separator that the header has most often: comma, semicolon, tab or bar.</returns>
    public static char CopyHeader(string local, string target)
    {
        using var reader = new StreamReader(local, Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        using var writer = new StreamWriter(target, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return CopyHeader(reader, writer);
    }

    /// <summary>Copies the header of a CSV text.</summary>
    public static char CopyHeader(TextReader reader, TextWriter writer)
    {
        var counts = new Dictionary<char, int> { [','] = 0, [';'] = 0, ['\t'] = 0, ['|'] = 0 };
        var quoted = false;
        for (var (next, length) = (reader.Read(), 0); next >= 0 && length < LongestHeader && (quoted || next is not ('\n' or '\r')); next = reader.Read(), length++)
        {
            var letter = (char)next;
            quoted ^= letter == '"';
            if (!quoted && counts.TryGetValue(letter, out var count))
            {
                counts[letter] = count + 1;
            }

            writer.Write(letter);
        }

        writer.Write('\n');
        return counts.MaxBy(c => c.Value).Key;
    }

    /// <summary>Whether all of a file can be read: a footer that points past its end and a failing disk are the same kind of error to DuckDB.</summary>
    public static bool CanBeRead(string local)
    {
        try
        {
            using var file = System.IO.File.OpenRead(local);
            file.CopyTo(Stream.Null);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Whether the file begins with the byte order mark of UTF-16.</summary>
    public static bool IsUtf16(string local)
    {
        using var file = System.IO.File.OpenRead(local);
        Span<byte> mark = stackalloc byte[2];
        return file.ReadAtLeast(mark, 2, throwOnEndOfStream: false) == 2 && (mark[0], mark[1]) is (0xFF, 0xFE) or (0xFE, 0xFF);
    }

    // GZipStream ends without a word where the data does. The last eight bytes are CRC-32 and length of the last member, RFC 1952 section 2.3.1.
    private static void RequireWholeGzip(string packed, string plain)
    {
        using var source = System.IO.File.OpenRead(packed);
        using var unpacked = System.IO.File.OpenRead(plain);
        if (source.Length == 0)
        {
            return;
        }

        var trailer = new byte[8];
        source.Seek(-Math.Min(8, source.Length), SeekOrigin.End);
        source.ReadAtLeast(trailer, 8, throwOnEndOfStream: false);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(4));
        var one = (uint)unpacked.Length == length;
        if (!one && (length > unpacked.Length || Crc32(unpacked, unpacked.Length - length) != BinaryPrimitives.ReadUInt32LittleEndian(trailer)))
        {
            throw new InvalidDataException($"the gzip data is truncated after {source.Length} bytes");
        }
    }

    // Of the tail of a stream; needed only where a file has several members.
    private static uint Crc32(FileStream stream, long from)
    {
        stream.Position = from;
        var crc = uint.MaxValue;
        var buffer = new byte[1 << 16];
        for (var count = stream.Read(buffer); count > 0; count = stream.Read(buffer))
        {
            foreach (var value in buffer.AsSpan(0, count))
            {
                crc ^= value;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
                }
            }
        }

        return ~crc;
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
