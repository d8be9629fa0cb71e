using System.Text;

namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>Files of chance: good lines, and every kind of bad one.</summary>
internal static class RandomText
{
    /// <summary>A CSV file. A wild one has quotes and breaks wherever they fall.</summary>
    public static string Csv(Random random, bool wild)
    {
        var end = random.Next(3) == 0 ? "\r\n" : "\n";
        var text = new StringBuilder(random.Next(5) == 0 ? "\uFEFF" : "").Append(random.Next(4) == 0 ? $"a,\"b{end}b\"" : "a,b").Append(end);
        var lines = random.Next(60);
        for (var line = 0; line < lines; line++)
        {
            text.Append(Line(random, end, wild)).Append(line == lines - 1 && random.Next(3) == 0 ? "" : random.Next(12) == 0 ? end + end : end);
        }

        return text.ToString();
    }

    /// <summary>Lines of JSON, some of them none.</summary>
    public static string Ndjson(Random random)
    {
        var end = random.Next(3) == 0 ? "\r\n" : "\n";
        string[] keys = ["a", "b", "c"];
        var lines = Enumerable.Range(0, random.Next(40)).Select(n => random.Next(10) switch
        {
            0 => "",
            1 => "[1, 2]",
            2 => "{\"a\": ",
            3 => "no json \"at all",
            _ => $"{{{string.Join(", ", keys.Where(_ => random.Next(3) == 0).Select(k => $"\"{k}\": {random.Next(100)}"))}}}",
        });
        return (random.Next(5) == 0 ? "\uFEFF" : "") + string.Join(end, lines) + (random.Next(2) == 0 ? end : "");
    }

    private static string Line(Random random, string end, bool wild) => random.Next(wild ? 12 : 7) switch
    {
        0 => $"{random.Next(100)},\"q{random.Next(10)}, {end}next \"\"line\"\"{end}\"",
        1 => $"\"{random.Next(100)}\",\"\"",
        2 => $"{random.Next(100)}",
        3 => $"{random.Next(100)},x,extra",
        4 => $"{random.Next(100)},6\" inches",
        7 => $"{random.Next(100)},\"never closed",
        8 => $"{random.Next(100)},\"closed\" and more",
        9 => $"{random.Next(100)}, \"spaced\" ",
        10 => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => "\",\na \r"[random.Next(6)])),
        _ => $"{random.Next(100)},plain {random.Next(1000)}",
    };
}
