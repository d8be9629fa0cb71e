namespace Pipeline.Medallion.Sources.Rest;

/// <summary>What is asked of an API.</summary>
/// <param name="Url">The URL, without what the app is known by.</param>
/// <param name="Body">The JSON that is posted; null: none.</param>
internal sealed record RestRequest(Uri Url, string? Body);

/// <summary>What an API answered.</summary>
/// <param name="Url">Where it was found.</param>
/// <param name="Link">The URL of the next page in the header Link, as it stands there.</param>
/// <param name="Validator">What tells whether it has changed.</param>
internal sealed record RestAnswer(Uri Url, string? Link, RestValidator Validator)
{
    /// <summary>Whether it says that there is nothing (HTTP 204).</summary>
    public bool IsEmpty { get; init; }
}

/// <summary>What tells whether an answer has changed (RFC 9110, section 8.8).</summary>
/// <param name="Request">SHA-256 of the request that it belongs to.</param>
/// <param name="ETag">The entity tag.</param>
/// <param name="LastModified">When it changed last.</param>
internal sealed record RestValidator(string Request, string? ETag, string? LastModified)
{
    /// <summary>Whether it tells anything.</summary>
    public bool Tells => ETag is not null || LastModified is not null;
}
