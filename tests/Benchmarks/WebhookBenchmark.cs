using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Signed deliveries over HTTP, beside the least that makes one durable and known: two blobs that are created if they are not there.</summary>
internal static class WebhookBenchmark
{
    private const int Most = 20_000;
    private const int Clients = 16;

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var count = (int)Math.Min(options.Rows, Most);
        var secret = RandomNumberGenerator.GetBytes(32);
        await using var app = await SalesApp.StartAsync(options, cancellationToken, connections: new Dictionary<string, string> { ["payments"] = $"Secret=\"whsec_{Convert.ToBase64String(secret)}\"" });
        using var http = new HttpClient { BaseAddress = app.Address };
        var (delivered, delays) = await PressAsync(count, i => DeliverAsync(http, secret, i, cancellationToken));
        var container = new BlobServiceClient(app.ConnectionString).GetBlobContainerClient("peer");
        await container.CreateAsync(cancellationToken: cancellationToken);
        var (peer, peerDelays) = await PressAsync(count, i => CreateAsync(container, i, cancellationToken));
        var landing = await app.RunAsync(cancellationToken, "webhook", fullRefresh: false, "bronze.payments");

        Say($"{count:N0} deliveries, {Clients} clients, {Environment.ProcessorCount} cores, which clients and storage are on too");
        Say($"| | a second | p50 | p99 |");
        Say($"|---|---:|---:|---:|");
        Line("POST /api/webhooks, answered with 202", delivered, delays);
        Line("peer: two blobs created, nothing else", peer, peerDelays);
        Say($"{delivered / peer:N2} x the peer's time; landed in {landing.TotalSeconds:N1} s, {count / landing.TotalSeconds:N0} a second; the app's peak {app.Figures.PeakBytes / 1e9:N2} GB");

        void Line(string what, TimeSpan wall, IReadOnlyList<TimeSpan> each) =>
            Say($"| {what} | {count / wall.TotalSeconds:N0} | {Median(each).TotalMilliseconds:N0} ms | {each.Order().ElementAt((int)(each.Count * 0.99)).TotalMilliseconds:N0} ms |");
    }

    private static async Task<(TimeSpan Wall, IReadOnlyList<TimeSpan> Each)> PressAsync(int count, Func<int, Task> work)
    {
        var each = new ConcurrentBag<TimeSpan>();
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (i, _) =>
        {
            var begin = Stopwatch.GetTimestamp();
            await work(i);
            each.Add(Stopwatch.GetElapsedTime(begin));
        });
        return (watch.Elapsed, [.. each]);
    }

    private static async Task DeliverAsync(HttpClient http, byte[] secret, int number, CancellationToken cancellationToken)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"msg_{number}");
        var time = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var body = Body(number);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("webhooks/webhook/payments", UriKind.Relative)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", time);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body];
        request.Headers.Add("webhook-signature", $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret, signed))}");
        using var answer = await http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task CreateAsync(BlobContainerClient container, int number, CancellationToken cancellationToken)
    {
        var absent = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = Azure.ETag.All } };
        await container.GetBlobClient(FormattableString.Invariant($"ids/{number}")).UploadAsync(new BinaryData(new byte[50]), absent, cancellationToken);
        await container.GetBlobClient(FormattableString.Invariant($"events/{number}")).UploadAsync(new BinaryData(Body(number)), absent, cancellationToken);
    }

    private static byte[] Body(int number) => Encoding.UTF8.GetBytes(FormattableString.Invariant(
        $"{{\"payment_id\": \"p{number}\", \"order_id\": {number}, \"amount\": {number % 10_000 / 100m}, \"currency\": \"EUR\", \"status\": \"settled\", \"note\": \"{new string('x', 150)}\"}}"));
}
