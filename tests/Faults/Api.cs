using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Pipeline.Faults;

/// <summary>A run as GET /api/runs shows it.</summary>
public sealed record Run
{
    public required string Id { get; init; }

    public required string Status { get; init; }

    public string? Error { get; init; }

    public IReadOnlyList<RunStep> Steps { get; init; } = [];

    public bool IsOver => Status is not ("pending" or "running");
}

/// <summary>A step of a run.</summary>
public sealed record RunStep
{
    public required string Name { get; init; }

    public required string Status { get; init; }
}

/// <summary>A table as GET /api/tables shows it.</summary>
public sealed record Table
{
    public required string Layer { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("table")]
    public required string Name { get; init; }

    public required long Version { get; init; }

    public required long Rows { get; init; }
}

/// <summary>The answer to a request for a run.</summary>
/// <param name="RunId">The run's id; on refusal, of the run that is going on.</param>
/// <param name="Status">202 or 409.</param>
public sealed record Requested(string RunId, HttpStatusCode Status)
{
    public bool Accepted => Status == HttpStatusCode.Accepted;
}

/// <summary>The app's API as a user of the fault programme needs it.</summary>
public sealed class Api(Uri api) : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(40);

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(100) };

    public void Dispose() => Http.Dispose();

    /// <summary>Asks for a run.</summary>
    /// <exception cref="HttpRequestException">No answer came, or neither 202 nor 409.</exception>
    public async Task<Requested> RequestRunAsync(string pipeline, CancellationToken cancellationToken)
    {
        using var answer = await Http.PostAsync(new Uri(api, $"pipelines/{pipeline}/runs"), content: null, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        var name = answer.StatusCode switch
        {
            HttpStatusCode.Accepted => "id",
            HttpStatusCode.Conflict => "runId",
            _ => throw new HttpRequestException($"A run was asked for and {(int)answer.StatusCode} answered: {text}", null, answer.StatusCode),
        };
        return new Requested(JsonDocument.Parse(text).RootElement.GetProperty(name).GetString() ?? "", answer.StatusCode);
    }

    /// <summary>All runs of a pipeline, newest first. The list, unlike a single run, is a mere reading: asking for it helps no run on.</summary>
    public Task<IReadOnlyList<Run>> RunsAsync(string pipeline, CancellationToken cancellationToken) => GetAsync<IReadOnlyList<Run>>($"runs?pipeline={pipeline}", cancellationToken);

    /// <summary>A run with its steps.</summary>
    public Task<Run> RunAsync(string runId, CancellationToken cancellationToken) => GetAsync<Run>($"runs/{runId}", cancellationToken);

    /// <summary>Waits until a run is over, only looking.</summary>
    /// <exception cref="TimeoutException">It is not over in time.</exception>
    public async Task<Run> FollowAsync(string pipeline, string runId, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var run = (await RunsAsync(pipeline, cancellationToken)).FirstOrDefault(r => r.Id == runId);
            if (run is { IsOver: true })
            {
                return await RunAsync(runId, cancellationToken);
            }

            if (waited.Elapsed > deadline)
            {
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"Run {runId} was {run?.Status ?? "unknown"} after {deadline.TotalSeconds} s."));
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <summary>A pipeline's tables.</summary>
    public Task<IReadOnlyList<Table>> TablesAsync(string pipeline, CancellationToken cancellationToken) => GetAsync<IReadOnlyList<Table>>($"tables?pipeline={pipeline}", cancellationToken);

    /// <summary>The first row of a query's answer.</summary>
    public async Task<IReadOnlyList<JsonElement>> QueryAsync(string pipeline, string sql, CancellationToken cancellationToken) => (await RowsAsync(pipeline, sql, cancellationToken))[0];

    /// <summary>The rows of a query's answer.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<JsonElement>>> RowsAsync(string pipeline, string sql, CancellationToken cancellationToken)
    {
        using var answer = await Http.PostAsJsonAsync(new Uri(api, "mart/sql"), new { pipeline, sql }, cancellationToken);
        var result = await ReadAsync<JsonElement>(answer, cancellationToken);
        return [.. result.GetProperty("rows").EnumerateArray().Select(row => (IReadOnlyList<JsonElement>)[.. row.EnumerateArray()])];
    }

    /// <summary>The events of a type, up to 1,000.</summary>
    public async Task<IReadOnlyList<JsonElement>> EventsAsync(string type, CancellationToken cancellationToken) =>
        [.. (await GetAsync<JsonElement>($"events?type={type}&limit=1000", cancellationToken)).GetProperty("events").EnumerateArray()];

    /// <summary>What is at an address below the API's.</summary>
    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var answer = await Http.GetAsync(new Uri(api, path), cancellationToken);
        return await ReadAsync<T>(answer, cancellationToken);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
        {
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            throw new HttpRequestException($"{answer.RequestMessage?.RequestUri?.PathAndQuery}: {(int)answer.StatusCode} {text}", null, answer.StatusCode);
        }

        return await answer.Content.ReadFromJsonAsync<T>(cancellationToken) ?? throw new HttpRequestException("Nothing was answered.");
    }
}
