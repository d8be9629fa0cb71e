using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Pipeline.Local.Emulators;

namespace Pipeline.App.Tests.Sources;

/// <summary>The connections of an app that hold a planted secret each, and a server that lets nobody in, and repeats in its answer all that it was told.</summary>
internal sealed class RefusingServer : IAsyncDisposable
{
    private static readonly int Port = FreePorts.Take();
    private static readonly int Closed = FreePorts.Take();
    private readonly HttpListener listener = new();
    private readonly Task answering;

    public RefusingServer()
    {
        listener.Prefixes.Add($"{Url}/");
        listener.Start();
        answering = AnswerAsync();
    }

    public static string Url { get; } = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>What no log, answer or table may hold.</summary>
    public static IReadOnlyList<string> Secrets { get; } =
        ["planted-bearer-4f1d", "planted-apikey-8a2c", "planted-client-6b3e", "planted-token-1c5a", "planted-basic-9d7f", "cGxhbnRlZC1hY2NvdW50LTAxMjM=", "planted-sas-2e8b", "planted-down-7c4d", "planted-sql-5b6a"];

    /// <summary>The app's settings.</summary>
    public static IReadOnlyDictionary<string, string> Connections { get; } = new Dictionary<string, string>
    {
        ["Connections__planted_bearer"] = $"Url={Url}/v1;Auth=bearer;Token={Secrets[0]}",
        ["Connections__planted_apikey"] = $"Url={Url}/v1;Auth=apikey;Query=key;Key={Secrets[1]}",
        ["Connections__planted_oauth"] = $"Url={Url}/v1;Auth=oauth2;TokenUrl={Url}/token;ClientId=app;ClientSecret={Secrets[2]}",
        ["Connections__planted_basic"] = $"Url={Url};Auth=basic;User ID=app;Password={Secrets[4]}",
        ["Connections__planted_table"] = $"AccountName=shop;AccountKey={Secrets[5]};TableEndpoint={Url}/shop",
        ["Connections__planted_storage"] = $"BlobEndpoint={Url}/shop;SharedAccessSignature=sv=2024-01-01&sig={Secrets[6]}",
        ["Connections__planted_down"] = string.Create(CultureInfo.InvariantCulture, $"Url=http://127.0.0.1:{Closed}/v1;Auth=bearer;Token={Secrets[7]}"),
        ["Connections__planted_sql"] = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Closed};Database=shop;Username=app;Password={Secrets[8]}"),
    };

    /// <summary>What it was told.</summary>
    public ConcurrentQueue<string> Told { get; } = new();

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await answering;
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                var told = $"{context.Request.Url} {string.Join("; ", context.Request.Headers.AllKeys.Select(k => $"{k}: {context.Request.Headers[k]}"))} {await reader.ReadToEndAsync()}";
                Told.Enqueue(told);
                var isToken = context.Request.Url?.AbsolutePath == "/token";
                var body = Encoding.UTF8.GetBytes(isToken ? $$"""{"access_token": "{{Secrets[3]}}", "expires_in": 3600}""" : told);
                (context.Response.StatusCode, context.Response.ContentType) = isToken ? (200, "application/json") : (403, "text/plain");
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // It is closed.
        }
    }
}
