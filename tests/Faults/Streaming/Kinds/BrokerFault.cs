namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>The broker cuts its connections and refuses new ones for a while, shorter or longer than a consumer's session lasts.</summary>
internal sealed class BrokerFault() : StreamFault("broker", "broker down and up")
{
    public override async Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken)
    {
        using (await sandbox.Producer.PauseAsync(cancellationToken))
        {
            await PostAsync(sandbox, "down", cancellationToken);
        }

        await Task.Delay(sandbox.Pace * 4 * random.NextDouble(), cancellationToken);
        await PostAsync(sandbox, "up", cancellationToken);
    }

    private static async Task PostAsync(StreamSandbox sandbox, string path, CancellationToken cancellationToken)
    {
        using var answer = await sandbox.Broker.Control.PostAsync(new Uri(path, UriKind.Relative), content: null, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }
}
