using Azure.Core;

namespace Azure.Data.Tables;

/// <summary>The answer to one action of a transaction.</summary>
internal sealed class ChangeSetResponse(int status, string reasonPhrase, IReadOnlyList<HttpHeader> headers) : Response
{
    public override int Status => status;

    public override string ReasonPhrase => reasonPhrase;

    public override Stream ContentStream { get; set; }

    public override string ClientRequestId { get; set; }

    public override void Dispose() => ContentStream?.Dispose();

    protected override bool ContainsHeader(string name) => Find(name).Any();

    protected override IEnumerable<HttpHeader> EnumerateHeaders() => headers;

    protected override bool TryGetHeader(string name, out string value)
    {
        value = Find(name).FirstOrDefault().Value;
        return value is not null;
    }

    protected override bool TryGetHeaderValues(string name, out IEnumerable<string> values)
    {
        values = Find(name).Select(header => header.Value);
        return values.Any();
    }

    private IEnumerable<HttpHeader> Find(string name) => headers.Where(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase));
}
