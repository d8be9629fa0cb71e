using Pipeline.App.Api;

namespace Pipeline.App.OpenApi;

/// <summary>An operation of the API as the document tells of it.</summary>
/// <param name="Id">The function's name.</param>
/// <param name="Method">The HTTP method, in lower case.</param>
/// <param name="Route">The function's route, without the prefix.</param>
/// <param name="Summary">What it does, in a sentence.</param>
internal sealed record Operation(string Id, string Method, string Route, string Summary)
{
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>What the body is; null: it takes none.</summary>
    public Type? Body { get; init; }

    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>False where nobody needs a function key to ask.</summary>
    public bool NeedsKey { get; init; } = true;

    /// <summary>The type of what it takes and answers, errors of the kind <see cref="Problem"/> apart.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>What any other error is.</summary>
    public Answer Otherwise { get; init; } = new(500, "Any other error: 503 passes by itself, 500 is told of in the app's log.", typeof(Problem));
}

/// <summary>A part of the route or of the query string.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it says.</param>
internal sealed record Parameter(string Name, string Description)
{
    public bool InRoute { get; init; }

    /// <summary>Whether it is true or false; without it, false.</summary>
    public bool IsFlag { get; init; }

    /// <summary>The values it may have; empty: any.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>For a whole number: the smallest and the largest, and what holds without it.</summary>
    public (long Min, long Max, long? Default)? Number { get; init; }
}

/// <summary>An answer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Description">When it is given.</param>
/// <param name="Body">What the body is.</param>
internal sealed record Answer(int Status, string Description, Type Body)
{
    /// <summary>What else the body may be; null: nothing.</summary>
    public Type? OrBody { get; init; }

    /// <summary>Further media types that it can have, of bytes.</summary>
    public IReadOnlyList<string> OtherTypes { get; init; } = [];

    /// <summary>A header that it carries, with what it says.</summary>
    public (string Name, string Description)? Header { get; init; }
}
