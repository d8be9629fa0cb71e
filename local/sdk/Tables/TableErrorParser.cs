using System.Text.Json;
using Azure.Core;

namespace Azure.Data.Tables;

/// <summary>Code and message of an error of the Table service: <c>{"odata.error": {"code": …, "message": {"value": …}}}</c>.</summary>
internal sealed class TableErrorParser : RequestFailedDetailsParser
{
    public static TableErrorParser Instance { get; } = new();

    public override bool TryParse(Response response, out ResponseError error, out IDictionary<string, string> data)
    {
        error = null;
        data = null;
        try
        {
            if (response.ContentStream is not null)
            {
                using var json = JsonDocument.Parse(response.Content.ToMemory());
                if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("odata.error", out var detail))
                {
                    var message = detail.GetProperty("message").GetProperty("value").GetString();
                    error = new ResponseError(detail.GetProperty("code").GetString(), message);
                    // In a transaction the message starts with the index of the action that failed.
                    data = new Dictionary<string, string> { [TableTransactionFailedException.FailedEntity] = message.Split(':')[0] };
                }
            }
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not the service's own error, such as a proxy's page: the status alone is told.
        }

        return error is not null;
    }
}
