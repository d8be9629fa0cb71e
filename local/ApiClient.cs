using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Local.Emulators;

namespace Pipeline.Local;

/// <summary>The app's HTTP API, as far as the command line uses it.</summary>
internal sealed class ApiClient(Uri api) : IDisposable
{
    private static readonly TimeSpan HealthDeadline = TimeSpan.FromSeconds(5);
    private static readonly JsonSerializerOptions Json = JsonSerializerOptions.Web;
    private static readonly JsonSerializerOptions WithoutNulls = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly HttpClient http = new() { BaseAddress = api, Timeout = TimeSpan.FromSeconds(100) };

    public void Dispose() => http.Dispose();

    /// <summary>Looks whether the app answers.</summary>
    /// <returns>Ours only if it is healthy; Stranger if what answers does not have the app's health document.</returns>
    public async Task<Found> LookAsync(CancellationToken cancellationToken)
    {
        if (!await StorageProbe.ListensAsync(api.Port, cancellationToken))
        {
            return Found.Nothing;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(HealthDeadline);
        try
        {
            using var answer = await http.GetAsync(new Uri("health", UriKind.Relative), deadline.Token);
            var health = await answer.Content.ReadFromJsonAsync<JsonElement>(Json, deadline.Token);
            return answer.IsSuccessStatusCode && health.ValueKind == JsonValueKind.Object && health.TryGetProperty("status", out _) ? Found.Ours : Found.Stranger;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Found.Stranger;
        }
    }

    /// <summary>Asks for a run.</summary>
    /// <returns>Its id, and whether it is this request's own; if not, it is the one that was going on already.</returns>
    public Task<(string RunId, bool Started)> StartRunAsync(string pipeline, RunBody run, CancellationToken cancellationToken) =>
        StartAsync($"pipelines/{Uri.EscapeDataString(pipeline)}/runs", run, cancellationToken);

    /// <summary>Asks for a run that tries rejected rows again.</summary>
    /// <returns>As <see cref="StartRunAsync"/>.</returns>
    public Task<(string RunId, bool Started)> ReplayAsync(string pipeline, string source, ReplayBody replay, CancellationToken cancellationToken) =>
        StartAsync($"rejected/{Uri.EscapeDataString(pipeline)}/{Uri.EscapeDataString(source)}/replay", replay, cancellationToken);

    private async Task<(string RunId, bool Started)> StartAsync<T>(string route, T body, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync(new Uri(route, UriKind.Relative), body, Json, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.Conflict && await ReadProblemAsync(answer, cancellationToken) is { RunId: { } going })
        {
            return (going, false);
        }

        var accepted = await ReadAsync<JsonElement>(answer, cancellationToken);
        return (accepted.GetProperty("id").GetString() ?? throw new ApiException("The app accepted the run without naming its id."), true);
    }

    /// <summary>Asks what a run would do.</summary>
    public async Task<RunPlan> PlanAsync(string pipeline, RunBody run, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync(new Uri($"pipelines/{Uri.EscapeDataString(pipeline)}/plan", UriKind.Relative), run, Json, cancellationToken);
        return await ReadAsync<RunPlan>(answer, cancellationToken);
    }

    public async Task<RunState> GetRunAsync(string runId, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri($"runs/{Uri.EscapeDataString(runId)}", UriKind.Relative), cancellationToken);
        return await ReadAsync<RunState>(answer, cancellationToken);
    }

    public async Task<IReadOnlyList<TableState>> GetTablesAsync(CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri("tables", UriKind.Relative), cancellationToken);
        return await ReadAsync<IReadOnlyList<TableState>>(answer, cancellationToken);
    }

    /// <summary>The newest version of each model of a pipeline; none of an app that knows of no models.</summary>
    public async Task<IReadOnlyList<ModelState>> GetModelsAsync(string pipeline, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri($"models?pipeline={Uri.EscapeDataString(pipeline)}", UriKind.Relative), cancellationToken);
        return answer.StatusCode == HttpStatusCode.NotFound ? [] : await ReadAsync<IReadOnlyList<ModelState>>(answer, cancellationToken);
    }

    /// <summary>Asks for a maintenance; answers its id.</summary>
    public async Task<string> StartMaintenanceAsync(string? pipeline, bool dryRun, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync(new Uri("maintenance", UriKind.Relative), new { pipeline, dryRun }, WithoutNulls, cancellationToken);
        var accepted = await ReadAsync<JsonElement>(answer, cancellationToken);
        return accepted.GetProperty("id").GetString() ?? throw new ApiException("The app accepted the maintenance without naming its id.");
    }

    public async Task<MaintenanceState> GetMaintenanceAsync(string id, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri($"maintenance/{Uri.EscapeDataString(id)}", UriKind.Relative), cancellationToken);
        return await ReadAsync<MaintenanceState>(answer, cancellationToken);
    }

    /// <summary>Makes a table what it was at a version or a time.</summary>
    public async Task<RestoredTable> RestoreAsync(string pipeline, string table, long? version, DateTimeOffset? timestamp, CancellationToken cancellationToken)
    {
        var path = $"tables/{table.Replace(".", $"/{Uri.EscapeDataString(pipeline)}/", StringComparison.Ordinal)}/restore";
        using var answer = await http.PostAsJsonAsync(new Uri(path, UriKind.Relative), new { version, timestamp }, WithoutNulls, cancellationToken);
        return await ReadAsync<RestoredTable>(answer, cancellationToken);
    }

    /// <summary>The catalogue as the app answers it: all tables, or one by its layer and name.</summary>
    public async Task<JsonElement> GetCatalogAsync(string? pipeline, string? table, CancellationToken cancellationToken)
    {
        var path = table is null
            ? pipeline is null ? "catalog" : $"catalog?pipeline={Uri.EscapeDataString(pipeline)}"
            : $"catalog/{Uri.EscapeDataString(table.Split('.')[0])}/{Uri.EscapeDataString(pipeline ?? Sample.Pipeline)}/{Uri.EscapeDataString(table.Split('.')[1])}";
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        return await ReadAsync<JsonElement>(answer, cancellationToken);
    }

    /// <summary>How good the rows of a run were, table by table, as the app answers it; null where it does not tell.</summary>
    public async Task<JsonElement?> GetQualityAsync(string pipeline, string runId, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri($"quality/{Uri.EscapeDataString(pipeline)}?run={Uri.EscapeDataString(runId)}", UriKind.Relative), cancellationToken);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : (await ReadAsync<JsonElement>(answer, cancellationToken)).GetProperty("tables");
    }

    /// <summary>What a table's values are like, as the app answers it.</summary>
    public async Task<JsonElement> ProfileAsync(string pipeline, string table, CancellationToken cancellationToken)
    {
        var path = $"quality/{Uri.EscapeDataString(table.Split('.')[0])}/{Uri.EscapeDataString(pipeline)}/{Uri.EscapeDataString(table.Split('.')[1])}/profile";
        using var answer = await http.PostAsJsonAsync(new Uri(path, UriKind.Relative), new { }, Json, cancellationToken);
        return await ReadAsync<JsonElement>(answer, cancellationToken);
    }

    /// <summary>The newest windows of a live aggregate, as the app answers them.</summary>
    public async Task<JsonElement> GetLiveAsync(string pipeline, string aggregate, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri($"live/{Uri.EscapeDataString(pipeline)}/{Uri.EscapeDataString(aggregate)}?windows=2", UriKind.Relative), cancellationToken);
        return await ReadAsync<JsonElement>(answer, cancellationToken);
    }

    public async Task<QueryResult> QueryAsync(string pipeline, string sql, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync(new Uri("mart/sql", UriKind.Relative), new { pipeline, sql }, Json, cancellationToken);
        return await ReadAsync<QueryResult>(answer, cancellationToken);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
        {
            var problem = await ReadProblemAsync(answer, cancellationToken);
            throw new ApiException(problem switch
            {
                { Detail: { Length: > 0 } detail } => detail,
                { Title: { Length: > 0 } title } => title,
                _ => $"The app answered {(int)answer.StatusCode} {answer.ReasonPhrase} to {answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.AbsolutePath}.",
            });
        }

        return await answer.Content.ReadFromJsonAsync<T>(Json, cancellationToken) ?? throw new ApiException("The app answered nothing.");
    }

    private static async Task<ProblemDetails?> ReadProblemAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync<ProblemDetails>(Json, cancellationToken);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
