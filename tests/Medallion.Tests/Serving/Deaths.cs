using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>An instance dies after each message to the database in turn, the commit among them; the next one goes on.</summary>
internal static class Deaths
{
    // What a connection begins with, and nothing is done by.
    private const int ConnectMessages = 3;

    /// <summary>Serves version after version until an attempt survives.</summary>
    /// <param name="living">The table, over a way to the database that lasts.</param>
    /// <param name="dying">The same over the proxy.</param>
    /// <param name="proxy">The way that ends.</param>
    /// <param name="held">The version that the target says it holds, after a look at whether it does. Versions are of the generation of their number.</param>
    public static async Task RunAsync(ServedGold living, ServedGold dying, DyingProxy proxy, Func<Task<long>> held)
    {
        var version = await living.WriteAsync(Rows(0));
        await living.ServeAsync(run: 1);
        version = await living.WriteAsync(Rows(version + 1));
        var (deaths, commits, survived) = (0, 0, false);
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

            // Whether a commit is made whose answer is lost is seen at once, or by the next one.
            commits += found || (now == version && !survived) ? 1 : 0;
            if (now == version && (found || !survived))
            {
                survived = false;
                version = await living.WriteAsync(Rows(version + 1));
            }
        }

        // A lock, the rows, the record; and the answer to a commit was lost too.
        Assert.Equal(version, await held());
        Assert.True(deaths >= 8, $"It died {deaths} times only.");
        Assert.True(commits >= 1, "No commit was made of which nobody heard.");
    }

    // Rows are added, changed and deleted from one generation to the next.
    private static string Rows(long generation) => $"select i as id, {generation} as generation from range({generation}, {generation} + 3) t(i)";
}
