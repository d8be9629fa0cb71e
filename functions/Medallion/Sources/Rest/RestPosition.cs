using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>How far a list is taken, as bronze keeps it.</summary>
internal sealed record RestPosition
{
    /// <summary>The greatest value of the cursor, as a record has it; null for a full load, and where there was no record.</summary>
    public string? Cursor { get; init; }

    /// <summary>What the cursor's values are.</summary>
    public CursorKind? Kind { get; init; }

    /// <summary>What the records of a full load come to.</summary>
    public RowSum? Content { get; init; }

    /// <summary>The fields that records had.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>What tells whether the list has changed; null: nothing does.</summary>
    public RestValidator? Validator { get; init; }
}

/// <summary>What a landing tells the commit.</summary>
/// <param name="Position">How far the list is taken then.</param>
/// <param name="Note">What is worth knowing.</param>
internal sealed record RestLanded(RestPosition Position, string? Note);

/// <summary>A load of a list.</summary>
/// <param name="Before">What the last one came to; null: take all anew.</param>
internal sealed record RestPart(RestPosition? Before);
