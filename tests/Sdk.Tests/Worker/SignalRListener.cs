using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Pipeline.Sdk.Tests.Worker;

/// <summary>A client that has followed a negotiate function and hears the target <c>news</c>.</summary>
internal sealed class SignalRListener : IAsyncDisposable
{
    private readonly HubConnection connection;
    private readonly Channel<string> heard = Channel.CreateUnbounded<string>();

    private SignalRListener(HubConnection connection)
    {
        this.connection = connection;
        connection.On<JsonElement>("news", news => heard.Writer.TryWrite(news.GetRawText()));
    }

    public string Id => connection.ConnectionId ?? throw new InvalidOperationException("It is not connected.");

    public static async Task<SignalRListener> StartAsync(Uri negotiate, string? user = null)
    {
        var connection = new HubConnectionBuilder().WithUrl(negotiate, options =>
        {
            if (user is not null)
            {
                options.Headers["x-user"] = user;
            }
        }).Build();
        var listener = new SignalRListener(connection);
        await connection.StartAsync(TestContext.Current.CancellationToken);

        // There are no methods; that this one is refused says that the hub has taken the connection in.
        await Assert.ThrowsAsync<HubException>(() => connection.InvokeAsync("none", TestContext.Current.CancellationToken));
        return listener;
    }

    public async Task<string> NextAsync() => await heard.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10));

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
