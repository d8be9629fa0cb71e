using System.Globalization;
using System.Text.Json;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Sources;

/// <summary>How the kills came out.</summary>
/// <param name="Kills">How many there were, by what was going on.</param>
/// <param name="Missed">How often the run was over before it came to the byte at which it should have been killed.</param>
/// <param name="Rows">Rows that were compared, of source and silver and of gold and the served tables, over all rounds.</param>
/// <param name="Recovery">How long each run took from the last new start of the app on.</param>
/// <param name="Problems">What is not as it should be.</param>
public sealed record SourceKillsResult(IReadOnlyDictionary<string, int> Kills, int Missed, long Rows, IReadOnlyList<TimeSpan> Recovery, IReadOnlyList<string> Problems);

/// <summary>Kills the app while it extracts from a database in which others write, or serves to it: after a random number of bytes on the connection for that. The app that is started
/// again - and perhaps killed again - ends the run by itself; when all is still, silver has what the source has and the target what gold has, each once.</summary>
public sealed class SourceKills(Emulator emulator, int seed)
{
    /// <summary>What is disturbed: the names of the connections.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["increment", "full", "upsert", "replace"];

    private const string Pipeline = "sources";
    private const int MostChanges = 12;

    // Of one run: the app that was started again is killed again.
    private const int MostKills = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly Random random = new(seed);
    private readonly Dictionary<string, int> counts = [];
    private readonly Dictionary<string, long> traffic = [];
    private readonly List<TimeSpan> recovery = [];
    private readonly List<string> problems = [];
    private long rows;
    private int missed;

    /// <summary>Kills and looks, again and again.</summary>
    /// <param name="kills">How often, of each kind.</param>
    /// <param name="kinds">Which of <see cref="Kinds"/>.</param>
    /// <param name="tell">Gets what happened.</param>
    /// <param name="cancellationToken">Ends the playing.</param>
    public async Task<SourceKillsResult> PlayAsync(int kills, IReadOnlyList<string> kinds, Action<string> tell, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(kinds);
        ArgumentNullException.ThrowIfNull(tell);
        await using var shop = await SourceShop.StartAsync(seed, cancellationToken);
        await using var connections = new SourceConnections(shop.Port);
        await using var sandbox = await Sandbox.CreateAsync(emulator, connections.Settings, cancellationToken);
        await sandbox.UploadAsync("pipelines", Definition(), cancellationToken);
        await StartAsync(sandbox, cancellationToken);
        await MeasureAsync(sandbox, shop, connections, cancellationToken);
        for (var round = 0; kinds.Any(k => counts.GetValueOrDefault(k) < kills) && missed < 10 * kills && problems.Count == 0; round++)
        {
            var kind = kinds.MinBy(k => counts.GetValueOrDefault(k)) ?? kinds[0];
            tell(await PlayAsync(sandbox, shop, connections, kind, cancellationToken));
        }

        sandbox.KeepFolder = problems.Count > 0;
        return new SourceKillsResult(counts, missed, rows, recovery, problems.Count == 0 ? [] : [.. problems, $"The app's logs: {sandbox.Folder}"]);
    }

    private static Dictionary<string, string> Definition()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "pipelines");
        return Directory.EnumerateFiles(Path.Combine(folder, Pipeline), "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(folder, f).Replace('\\', '/'), File.ReadAllText);
    }

    private static async Task StartAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        if (!await sandbox.StartAppAsync(cancellationToken))
        {
            throw new TimeoutException($"The app ended as it started. Its logs: {sandbox.Folder}");
        }
    }

    // What a run of some changes has on each connection.
    private async Task MeasureAsync(Sandbox sandbox, SourceShop shop, SourceConnections connections, CancellationToken cancellationToken)
    {
        await RunAsync(sandbox, cancellationToken);
        await shop.ChangeAsync(MostChanges, cancellationToken);
        foreach (var kind in Kinds)
        {
            connections[kind].Disarm();
        }

        await RunAsync(sandbox, cancellationToken);
        foreach (var kind in Kinds)
        {
            traffic[kind] = connections[kind].Passed;
        }

        await CheckAsync("undisturbed", sandbox, shop, cancellationToken);
    }

    private async Task<string> PlayAsync(Sandbox sandbox, SourceShop shop, SourceConnections connections, string kind, CancellationToken cancellationToken)
    {
        var (proxy, most, at) = (connections[kind], 1 + random.Next(MostKills), new List<long>());
        await shop.ChangeAsync(1 + random.Next(MostChanges), cancellationToken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = WriteAsync(shop, over.Token);
        Run? run = null;
        for (var runId = default(string); run is null;)
        {
            var (bytes, begun) = (at.Count < most ? random.NextInt64(1, traffic[kind]) : long.MaxValue, TimeProvider.System.GetTimestamp());
            proxy.Arm(bytes, sandbox.App.KillAsync);
            (runId, run) = await FollowAsync(sandbox, proxy, runId, cancellationToken);
            if (run is null)
            {
                at.Add(bytes);
                await StartAsync(sandbox, cancellationToken);
            }
            else if (at.Count > 0)
            {
                recovery.Add(TimeProvider.System.GetElapsedTime(begun));
            }
        }

        proxy.Disarm();
        await over.CancelAsync();
        await writing;
        counts[kind] = counts.GetValueOrDefault(kind) + at.Count;
        missed += at.Count == 0 ? 1 : 0;
        var what = string.Create(CultureInfo.InvariantCulture, $"{kind} at byte {string.Join(", ", at)} of about {traffic[kind]} (seed {seed})");
        Expect(run, $"The run that was killed: {what}");
        Expect(await RunAsync(sandbox, cancellationToken), $"The run after that: {what}");
        await CheckAsync(what, sandbox, shop, cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"{counts.Values.Sum()}: {(at.Count > 0 ? "killed" : "not reached")}: {what}; {problems.Count} problem(s)");
    }

    /// <summary>Asks for a run unless it was asked for, and waits until it is over or the app is killed.</summary>
    /// <returns>Its id, if the answer arrived, and how it ended; null: the app was killed.</returns>
    private static async Task<(string? RunId, Run? Run)> FollowAsync(Sandbox sandbox, DatabaseProxy proxy, string? runId, CancellationToken cancellationToken)
    {
        try
        {
            runId ??= (await sandbox.Api.RequestRunAsync(Pipeline, cancellationToken)).RunId;
            var run = await sandbox.Api.FollowAsync(Pipeline, runId, Deadline, cancellationToken);
            if (!proxy.HasReached)
            {
                return (runId, run);
            }
        }
        catch (HttpRequestException) when (proxy.HasReached)
        {
            // The app was killed while it was asked.
        }

        await proxy.Reached.WaitAsync(Deadline, cancellationToken);
        return (runId, null);
    }

    // Others write as long as the run is going on.
    private static async Task WriteAsync(SourceShop shop, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await shop.ChangeAsync(1, cancellationToken);
                await Task.Delay(50, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static async Task<Run> RunAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        while (true)
        {
            var asked = await sandbox.Api.RequestRunAsync(Pipeline, cancellationToken);
            var run = await sandbox.Api.FollowAsync(Pipeline, asked.RunId, Deadline, cancellationToken);
            if (asked.Accepted)
            {
                return run;
            }

            // That one is over: it has the pipeline for a moment yet.
            await Task.Delay(50, cancellationToken);
        }
    }

    private void Expect(Run run, string what)
    {
        if (run.Status != "succeeded")
        {
            problems.Add($"{what} {run.Status}: {run.Error}");
        }
    }

    private async Task CheckAsync(string where, Sandbox sandbox, SourceShop shop, CancellationToken cancellationToken)
    {
        await CompareAsync("orders", shop.RowsAsync("select id, customer, cents from orders where not is_deleted order by id", cancellationToken), "select id, customer, cents from silver.orders order by id");
        await CompareAsync("items", shop.RowsAsync("select id, label, cents from items order by id", cancellationToken), "select id, label, cents from silver.items order by id");
        await CompareAsync("mart.totals", shop.RowsAsync("""select customer, orders, cents from mart.totals order by customer collate "C" """, cancellationToken), "select customer, orders, cents from gold.totals order by customer");
        await CompareAsync("mart.listing", shop.RowsAsync("select id, label, cents from mart.listing order by id", cancellationToken), "select id, label, cents from gold.listing order by id");
        var twice = await sandbox.Api.QueryAsync(
            Pipeline,
            """
            select (select count(*) - count(distinct (id, updated_at)) from bronze.orders), (select count(*) - count(distinct (_file, _row)) from bronze.orders),
                (select count(*) - count(distinct id) from bronze.items), (select count(*) - count(distinct id) from silver.orders), (select count(*) from rejected.orders)
            """,
            cancellationToken);
        problems.AddRange(twice.Any(n => n.GetInt64() != 0) ? [$"{where}: rows are there twice, or rejected: {string.Join(", ", twice)}."] : []);

        async Task CompareAsync(string what, Task<IReadOnlyList<string>> expecting, string sql)
        {
            var expected = await expecting;
            var found = (await sandbox.Api.RowsAsync(Pipeline, sql, cancellationToken)).Select(row => string.Join('|', row.Select(Text))).ToList();
            rows += found.Count;
            var differences = expected.Except(found).Select(r => $"{r} is missing").Concat(found.Except(expected).Select(r => $"{r} should not be there")).Take(5).ToList();
            if (differences.Count > 0 || expected.Count != found.Count)
            {
                problems.Add($"{where}: {what} has {found.Count} rows where {expected.Count} are expected: {string.Join("; ", differences)}.");
            }
        }

        static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText();
    }
}
