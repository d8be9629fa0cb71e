namespace Pipeline.Medallion.Mart;

/// <summary>How an answer is written.</summary>
public enum MartFormat
{
    /// <summary>JSON, <c>application/json</c>.</summary>
    Json,

    /// <summary>Comma-separated values with a header, <c>text/csv</c>.</summary>
    Csv,

    /// <summary>Apache Parquet, <c>application/vnd.apache.parquet</c>.</summary>
    Parquet,
}

/// <summary>A page of an answer as a file on scratch disk, until it is disposed.</summary>
public sealed class MartFile : IDisposable
{
    private readonly MartReading reading;

    internal MartFile(MartReading reading, string path) => (this.reading, Path) = (reading, path);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The table's version.</summary>
    public required long Version { get; init; }

    /// <summary>How many rows are in it.</summary>
    public required long Rows { get; init; }

    /// <summary>Tells this answer apart from all others, as an HTTP entity tag.</summary>
    public required string Tag { get; init; }

    /// <summary>What to send as <c>cursor</c> for the rows that may follow: those of a full page. Null: there are none.</summary>
    public string? Next { get; init; }

    /// <summary>How features were made; null for other questions.</summary>
    public Features.FittedFeatures? Fitted { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(Path);
        reading.Dispose();
    }
}
