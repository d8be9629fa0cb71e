namespace Pipeline.Medallion.Definitions;

/// <summary>What a source takes of an HTTP API.</summary>
public sealed record RestDefinition
{
    /// <summary>The name of the connection in the app's settings (<c>Connections__NAME</c>).</summary>
    public required string Connection { get; init; }

    /// <summary>What is asked for, below the URL of the connection.</summary>
    public required string Path { get; init; }

    /// <summary>The method of HTTP.</summary>
    public RestMethod Method { get; init; }

    /// <summary>Parameters of every request.</summary>
    public IReadOnlyDictionary<string, string> Query { get; init; } = new SortedDictionary<string, string>();

    /// <summary>Headers of every request; none is a secret.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new SortedDictionary<string, string>();

    /// <summary>The JSON that is posted; null: none.</summary>
    public string? Body { get; init; }

    /// <summary>Where the list of records is in an answer, as names with dots; null: the answer is the list.</summary>
    public string? Records { get; init; }

    /// <summary>The field of a record that grows with every change of it, as names with dots; null: each load takes all.</summary>
    public string? Cursor { get; init; }

    /// <summary>How far behind the last value of <see cref="Cursor"/> a change may become visible.</summary>
    public TimeSpan Lookback { get; init; }

    /// <summary>The parameter that gets the last value of <see cref="Cursor"/>; null: the API always gives all.</summary>
    public string? Since { get; init; }

    /// <summary>How that value is written; null: as the records have it.</summary>
    public SinceFormat? SinceFormat { get; init; }

    /// <summary>Where <see cref="Since"/> and the parameter of pages go.</summary>
    public ParameterPlace Parameters { get; init; }

    /// <summary>How pages follow each other; null: there is one.</summary>
    public RestPaging? Pages { get; init; }

    /// <summary>How many requests are made at most; null: as many as there are.</summary>
    public RestRate? Rate { get; init; }

    /// <summary>What is taken, for people: <c>shop/orders</c>.</summary>
    public string Name => $"{Connection}/{Path}";
}

/// <summary>How the pages of an API follow each other.</summary>
public sealed record RestPaging
{
    /// <summary>What tells them apart.</summary>
    public required PageBy By { get; init; }

    /// <summary>The parameter with the page, the offset or the cursor.</summary>
    public required string Parameter { get; init; }

    /// <summary>The first page, or the first offset.</summary>
    public long First { get; init; }

    /// <summary>Where an answer has the cursor or the URL that comes next, as names with dots; null: the header Link has the URL.</summary>
    public string? Next { get; init; }

    /// <summary>Where an answer says whether there are more pages; null: nowhere.</summary>
    public string? More { get; init; }

    /// <summary>Whether the pages are asked for a second time, and taken if they are the same.</summary>
    public bool Verify { get; init; }

    /// <summary>How many pages a list has at most.</summary>
    public int Max { get; init; } = 100_000;
}

/// <summary>A number of requests in a length of time.</summary>
/// <param name="Requests">How many.</param>
/// <param name="Per">In which time.</param>
public sealed record RestRate(int Requests, TimeSpan Per);

/// <summary>Methods by which an API is asked.</summary>
public enum RestMethod
{
    /// <summary>Parameters are in the URL.</summary>
    Get,

    /// <summary>A JSON document is sent too.</summary>
    Post,
}

/// <summary>What tells the pages of an API apart.</summary>
public enum PageBy
{
    /// <summary>Their number.</summary>
    Page,

    /// <summary>The number of records before them.</summary>
    Offset,

    /// <summary>What the page before says of the next.</summary>
    Cursor,

    /// <summary>Their URL, which the page before has.</summary>
    Link,
}

/// <summary>Where parameters go.</summary>
public enum ParameterPlace
{
    /// <summary>The URL.</summary>
    Query,

    /// <summary>The JSON that is posted.</summary>
    Body,
}

/// <summary>How a time is written in a request.</summary>
public enum SinceFormat
{
    /// <summary>ISO 8601, in UTC.</summary>
    Iso,

    /// <summary>The day in UTC: <c>2026-01-31</c>.</summary>
    Date,

    /// <summary>Seconds since 1970.</summary>
    Seconds,

    /// <summary>Milliseconds since 1970.</summary>
    Milliseconds,
}
