using System.Buffers.Binary;
using System.Text;

namespace Pipeline.Faults.Parsers;

/// <summary>Damages bytes in the ways that disks, networks, editors and enemies do; the same random number generator gives the same damage.</summary>
internal static class Mutation
{
    private const int MostFlips = 8;
    private const int MostChanges = 4;
    private const int LongestChunk = 4096;
    private const int Depth = 20_000;

    private static readonly byte[][] Hostile =
    [
        .. new[] { uint.MaxValue, 0x7FFFFFFFu, 0x80000000u, 0u, 0x10000000u }.Select(Little),
        .. new[]
        {
            "99999999999999999999", "-9223372036854775809", "1e999999", "NaN", "\0", "\"", "'", "\"\"\"", "\\", "\\u0000", "\\ud800", "\r", "\n", "\t", ",,,,,,,,", "{", "}", "[", "]", "null", "true", "0x",
            "../../../../etc/passwd", "{\"a\":", "&a [*a, *a]", "<<: *x", "!!binary |", "---\n", "%YAML 9.9\n", ": ", "- ", "\u202E", "%", "%2e%2e%2f", "9999-99-99", "-1", "99999999999",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF, 0xFE], [0xEF, 0xBB, 0xBF], [0xC3, 0x28], [0xF4, 0x90, 0x80, 0x80],
    ];

    /// <summary>A damaged copy.</summary>
    /// <param name="content">What is damaged.</param>
    /// <param name="other">Another input of the kind, from which pieces are taken.</param>
    /// <param name="random">Decides everything.</param>
    public static byte[] Of(byte[] content, byte[] other, Random random)
    {
        for (var changes = random.Next(1, MostChanges + 1); changes > 0; changes--)
        {
            content = Change(content, other, random);
        }

        return content;
    }

    private static byte[] Change(byte[] content, byte[] other, Random random)
    {
        var at = random.Next(content.Length + 1);
        var (from, length) = Chunk(content, random);
        switch (random.Next(10))
        {
            case 0 or 1:
                var flipped = content.ToArray();
                for (var flips = random.Next(1, MostFlips + 1); flips > 0 && flipped.Length > 0; flips--)
                {
                    flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                }

                return flipped;
            case 2:
                return content[..at];
            case 3:
                return [.. content[..from], .. content[(from + length)..]];
            case 4:
                return [.. content[..at], .. content.AsSpan(from, length), .. content[at..]];
            case 5:
                var (start, count) = Chunk(other, random);
                return [.. content[..at], .. other.AsSpan(start, count), .. content[Math.Min(content.Length, at + (random.Next(2) * count))..]];
            case 6 or 7:
                return Put(content, at, Hostile[random.Next(Hostile.Length)], random);
            case 8:
                return Put(content, at, Repeated(random), random);
            default:
                var noise = new byte[random.Next(64)];
                random.NextBytes(noise);
                return Put(content, at, noise, random);
        }
    }

    private static (int From, int Length) Chunk(byte[] content, Random random)
    {
        var from = random.Next(content.Length + 1);
        return (from, random.Next(Math.Min(LongestChunk, content.Length - from) + 1));
    }

    // Between what is there, or over it.
    private static byte[] Put(byte[] content, int at, byte[] piece, Random random) =>
        [.. content[..at], .. piece, .. content[Math.Min(content.Length, at + (random.Next(2) * piece.Length))..]];

    private static byte[] Repeated(Random random)
    {
        var piece = new[] { "[", "{\"a\":", "(", "\"", ",", "a", "- ", "\n", "{a: ", "9" }[random.Next(10)];
        return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, random.Next(2, Depth))));
    }

    private static byte[] Little(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        return bytes;
    }
}
