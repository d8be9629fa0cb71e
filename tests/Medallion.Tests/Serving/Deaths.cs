using System.Text.RegularExpressions;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>An instance dies after each message to the database in turn, the commit among them; the next one goes on.</summary>
internal static class Deaths
{
    // What a connection begins with, and nothing is done by.
    private const int ConnectMessages = 3;

    private static readonly TimeSpan CommitDeadline = TimeSpan.FromSeconds(20);

    /// <summary>Serves version after version until an attempt survives; then one whose commit is done without an answer.</summary>
    /// <param name="living">The table, over a way to the database that lasts.</param>
    /// <param name="dying">The same over the proxy.</param>
    /// <param name="proxy">The way that ends.</param>
    /// <param name="commit">What the message has in it by which the target comes to hold the version.</param>
    /// <param name="held">The version that the target says it holds, after a look at whether it does. Versions are of the generation of their number.</param>
    public static async Task RunAsync(ServedGold living, ServedGold dying, DyingProxy proxy, string commit, Func<Task<long>> held)
    {
        var version = await living.WriteAsync(Rows(0));
        await living.ServeAsync(run: 1);
        version = await living.WriteAsync(Rows(version + 1));
        var (deaths, survived) = (0, false);
        for (var messages = 1; !survived; messages++)
        {
            proxy.DieAfter(ConnectMessages + messages);
            var found = false;
            try
            {
                found = (await dying.ServeAsync(run: 1 + messages)).Result.Status == StepStatus.Unchanged;
            }
            catch (TransientException) when (proxy.Died)
            {
                deaths++;
            }

            survived = !proxy.Died;
            var now = await held();
            Assert.Contains(now, new[] { version - 1, version });

            // Whether a commit was made whose answer is lost is seen at once, or by the next one.
            if (now == version && (found || !survived))
            {
                survived = false;
                version = await living.WriteAsync(Rows(version + 1));
            }
        }

        // A lock, the rows, the record.
        Assert.Equal(version, await held());
        Assert.True(deaths >= 8, $"It died {deaths} times only.");

        version = await living.WriteAsync(Rows(version + 1));
        proxy.DieAfter(new Regex(commit));
        await Assert.ThrowsAsync<TransientException>(() => dying.ServeAsync(run: 1000));
        using var deadline = new CancellationTokenSource(CommitDeadline);
        while (await held() != version)
        {
            await Task.Delay(20, deadline.Token);
        }

        Assert.Equal(StepStatus.Unchanged, (await living.ServeAsync(run: 1001)).Result.Status);
    }

    // Rows are added, changed and deleted from one generation to the next.
    private static string Rows(long generation) => $"select i as id, {generation} as generation from range({generation}, {generation} + 3) t(i)";
}
