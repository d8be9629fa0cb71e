namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>What becomes of fields that a source's contract does not know, and of types that no longer fit what was detected.</summary>
public enum SchemaEvolution
{
    /// <summary>New fields become columns, and detected types widen; silver is made anew.</summary>
    Evolve,

    /// <summary>Rows with a field that the contract does not know are rejected.</summary>
    Freeze,

    /// <summary>Such fields are kept beside the row, as JSON in <c>_rescued</c>.</summary>
    Discard,
}
