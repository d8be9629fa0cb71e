namespace Pipeline.Medallion.Quality;

/// <summary>What a check says something about. The five follow ISO/IEC 25012 and DAMA UK's "Six primary dimensions for data quality assessment" (2013); uniqueness is part of consistency.</summary>
public enum Dimension
{
    /// <summary>Values that are expected are there.</summary>
    Completeness,

    /// <summary>Values are what they can be: in range, allowed, of the right form.</summary>
    Accuracy,

    /// <summary>Rows are as young as they are expected to be.</summary>
    Timeliness,

    /// <summary>Rows have the columns and types of their contract.</summary>
    Schema,

    /// <summary>Values agree with each other, within a row, a table and between tables.</summary>
    Consistency,
}
