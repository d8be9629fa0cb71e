using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.App.OpenApi;
using Pipeline.App.Schemas;

namespace Pipeline.App.Tests;

/// <summary>Talks to the app, and holds every answer against the OpenAPI document: status, content type and schema.</summary>
internal sealed partial class Api(Uri root) : IDisposable
{
    private static readonly TimeSpan RunDeadline = TimeSpan.FromSeconds(90);
    private static readonly JsonElement Document = JsonSerializer.SerializeToElement(OpenApiDocument.Create());
    private static readonly JsonSchema Schemas = new(Document);
    private readonly HttpClient http = new() { BaseAddress = root };

    public sealed record Answer(int Status, JsonElement Body, HttpResponseHeaders Headers, string Text)
    {
        public string Detail => Body.GetProperty("detail").GetString()!;
    }

    public void Dispose() => http.Dispose();

    public Task<Answer> GetAsync(string path) => SendAsync("GET", path, null);

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync("POST", path, body is null ? null : JsonSerializer.Serialize(body, JsonSerializerOptions.Web));

    /// <summary>Sends a request to an operation of the document.</summary>
    public async Task<Answer> SendAsync(string method, string path, string? body, IReadOnlyDictionary<string, string>? headers = null)
    {
        var answer = await SendUncheckedAsync(method, path, body, headers);
        RequireDescribed(method, path, answer.Status, answer.Body);
        if (answer.Status >= 400)
        {
            Assert.Equal(answer.Status, answer.Body.GetProperty("status").GetInt32());
            Assert.InRange(answer.Detail.Length, 20, 4010);
            Assert.DoesNotMatch(OfThisMachine(), answer.Text);
        }

        return answer;
    }

    /// <summary>Holds an answer against the document.</summary>
    public static void RequireDescribed(string method, string path, int status, JsonElement body)
    {
        var described = Find(method, path).GetProperty("responses").TryGetProperty($"{status}", out var known) ? known : Reject();
        var content = described.GetProperty("content").EnumerateObject().First();
        Assert.Equal(MediaType(path, status), content.Name);
        Assert.Empty(Schemas.Check(content.Value.GetProperty("schema"), body));

        JsonElement Reject() => throw new Xunit.Sdk.XunitException($"{method} {path} answered {status}, which is not described: {body}");
    }

    public async Task<Answer> SendUncheckedAsync(string method, string path, string? body, IReadOnlyDictionary<string, string>? headers = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
        {
            request.Headers.Add(name, value);
        }

        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var json = text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
        if (text.Length > 0)
        {
            Assert.Equal(MediaType(path, (int)answer.StatusCode), answer.Content.Headers.ContentType?.MediaType);
        }

        return new Answer((int)answer.StatusCode, json, answer.Headers, text);
    }

    /// <summary>Starts a run that must be accepted.</summary>
    public async Task<string> StartAsync(string pipeline, object? body = null)
    {
        var answer = await PostAsync($"pipelines/{pipeline}/runs", body);
        Assert.True(answer.Status == 202, answer.Text);
        return answer.Body.GetProperty("id").GetString()!;
    }

    /// <summary>Follows a run to its end; every state that is seen on the way is told.</summary>
    public async Task<JsonElement> FollowAsync(string runId, Action<JsonElement>? seen = null)
    {
        using var deadline = new CancellationTokenSource(RunDeadline);
        while (true)
        {
            var run = (await GetAsync($"runs/{runId}")).Body;
            seen?.Invoke(run);
            if (run.GetProperty("status").GetString() != "running")
            {
                return run;
            }

            Assert.False(deadline.IsCancellationRequested, $"Run {runId} did not end within {RunDeadline}: {run}");
            await Task.Delay(25, CancellationToken.None);
        }
    }

    /// <summary>Runs a pipeline to its end.</summary>
    public async Task<JsonElement> RunAsync(string pipeline, object? body = null) => await FollowAsync(await StartAsync(pipeline, body));

    private static string MediaType(string path, int status) =>
        path.StartsWith("registry/", StringComparison.Ordinal) ? RegistryAnswers.MediaType : status < 400 ? "application/json" : "application/problem+json";

    private static JsonElement Find(string method, string path)
    {
        var segments = ("/api/" + path.Split('?')[0]).Split('/');
        var template = Document.GetProperty("paths").EnumerateObject().First(candidate => Fits(candidate.Name.Split('/'), segments));
        return template.Value.GetProperty(method.ToLowerInvariant());
    }

    private static bool Fits(string[] template, string[] segments) =>
        template.Length == segments.Length && template.Zip(segments).All(pair => pair.First.StartsWith('{') || pair.First == pair.Second);

    /// <summary>Stack traces, source files, folders, addresses of storage.</summary>
    [GeneratedRegex(@"\n +at |\.cs:line|/(tmp|home|root|work|usr|Users|private|var)/|[A-Z]:\\\\|127\.0\.0\.1|AccountKey|System\.\w+Exception")]
    private static partial Regex OfThisMachine();
}
