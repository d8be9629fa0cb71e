using System.Globalization;

namespace Pipeline.Faults.Parsers;

/// <summary>A damaged input, known by its number and the programme's seed.</summary>
internal sealed record ParserInput(int Number, string Kind, byte[] Content)
{
    /// <summary>Makes the input of a number: the numbers share the kinds equally.</summary>
    public static ParserInput Of(ParserCorpus corpus, int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var kind = corpus.Kinds[number % corpus.Kinds.Count];
        var originals = corpus.Originals(kind);
        return new ParserInput(number, kind, Mutation.Of(originals[random.Next(originals.Count)], originals[random.Next(originals.Count)], random));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"input {Number} ({Kind}, {Content.Length} bytes)");
}
