using System.Globalization;
using System.Text;
using Azure.Core;

namespace Azure.Data.Tables;

/// <summary>The multipart form of a transaction: one batch that holds one change set (OData 3.0, batch processing).</summary>
internal static class ChangeSet
{
    private const string Line = "\r\n";

    public static (byte[] Content, string ContentType) Write(IReadOnlyList<Request> requests)
    {
        var batch = $"batch_{Guid.NewGuid()}";
        var changes = $"changeset_{Guid.NewGuid()}";
        using var stream = new MemoryStream();
        Text($"--{batch}{Line}Content-Type: multipart/mixed; boundary={changes}{Line}{Line}");
        foreach (var request in requests)
        {
            Text($"--{changes}{Line}Content-Type: application/http{Line}Content-Transfer-Encoding: binary{Line}{Line}");
            Text($"{request.Method} {request.Uri.ToUri().AbsoluteUri} HTTP/1.1{Line}");
            foreach (var header in request.Headers.Where(header => header.Name != "x-ms-version"))
            {
                Text($"{header.Name}: {header.Value}{Line}");
            }

            Text(Line);
            request.Content?.WriteTo(stream, CancellationToken.None);
            Text(Line);
        }

        Text($"--{changes}--{Line}{Line}--{batch}--{Line}");
        return (stream.ToArray(), $"multipart/mixed; boundary={batch}");

        void Text(string text) => stream.Write(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The answers in the order of the requests; only one, the failure, where the transaction was refused.</summary>
    public static IReadOnlyList<Response> Read(Response response)
    {
        var answers = new List<Response>();
        using var lines = new StringReader(response.Content.ToString());
        while (lines.ReadLine() is { } line)
        {
            if (line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal))
            {
                answers.Add(ReadAnswer(line, lines, response.ClientRequestId));
            }
        }

        return answers;
    }

    private static ChangeSetResponse ReadAnswer(string statusLine, StringReader lines, string clientRequestId)
    {
        var status = statusLine.Split(' ', 3);
        var headers = new List<HttpHeader>();
        while (lines.ReadLine() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(new HttpHeader(line[..colon], line[(colon + 1)..].Trim()));
        }

        var body = new StringBuilder();
        while (lines.ReadLine() is { } line && !line.StartsWith("--changesetresponse", StringComparison.Ordinal))
        {
            body.AppendLine(line);
        }

        return new ChangeSetResponse(int.Parse(status[1], CultureInfo.InvariantCulture), status.ElementAtOrDefault(2), headers)
        {
            ClientRequestId = clientRequestId,
            ContentStream = new MemoryStream(Encoding.UTF8.GetBytes(body.ToString().Trim())),
        };
    }
}
