using System.Globalization;

namespace Pipeline.Medallion.Tests.Silver;

/// <summary>A seeded sequence of landing files: new, repeated, late and invalid rows, and now and then a file that is delivered again with other content.</summary>
internal sealed class RandomLanding(TestPipeline pipeline, int seed)
{
    /// <summary>Rounds that a law is held against, in pairs: environment variable PIPELINE_TEST_ROUNDS, 4 by default; a thorough run by hand asks for more.</summary>
    public static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("PIPELINE_TEST_ROUNDS") ?? "4", CultureInfo.InvariantCulture);

    private const int Keys = 60;
#pragma warning disable CA5394 // A seeded sequence is wanted.
    private readonly Random random = new(seed);
    private readonly List<string> files = [];
    private readonly List<string> rows = [];
    private int round;

    public static string Definition(string options) =>
        $"sources:\n  f:\n    connector: file\n    path: $/*.csv\n    {options.Replace(", latest_by", "\n    latest_by", StringComparison.Ordinal).Replace(", partition", "\n    partition", StringComparison.Ordinal)}\n"
        + "    columns:\n      k: {type: bigint, required: true}\n      s: {type: varchar, required: true}\n      day: {type: date}\n      v: {type: 'decimal(9,2)', min: 0}\n";

    /// <summary>Lands the files of the next round.</summary>
    /// <returns>Whether a file was delivered again with other content.</returns>
    public async Task<bool> NextAsync()
    {
        round++;
        var changed = round % 4 == 0;
        if (changed)
        {
            await LandAsync(files[random.Next(files.Count)]);
        }

        for (var n = random.Next(1, 4); n > 0; n--)
        {
            // Names are in no order: which file a row came from decides where two came at the same time.
            var name = string.Create(CultureInfo.InvariantCulture, $"{(char)('a' + random.Next(26))}-{round}-{n}.csv");
            files.Add(name);
            await LandAsync(name);
        }

        return changed;
    }

    private Task LandAsync(string name)
    {
        var content = Enumerable.Range(0, random.Next(1, 30)).Select(_ => Row()).ToList();
        rows.AddRange(content);
        return pipeline.LandAsync(name, $"k,s,day,v\n{string.Join('\n', content)}\n");
    }

    private string Row()
    {
        if (rows.Count > 0 && random.Next(5) == 0)
        {
            return rows[random.Next(rows.Count)];
        }

        var key = random.Next(20) == 0 ? "" : random.Next(Keys).ToString(CultureInfo.InvariantCulture);
        var day = random.Next(8) switch
        {
            0 => "",
            1 => "never",
            _ => new DateOnly(2024, 1, 1).AddDays(random.Next(-200, 200)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        };
        var value = random.Next(10) == 0 ? "-1" : (random.Next(300) / 100m).ToString(CultureInfo.InvariantCulture);
        return $"{key},{(char)('p' + random.Next(2))},{day},{value}";
    }
}
