using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

public sealed class InterruptionTests : IDisposable
{
    private readonly DuckDbSession session = Sessions.Open();

    public void Dispose() => session.Dispose();

    [Fact]
    public void Execute_CancelledBefore_DoesNothing()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => session.Execute("CREATE TABLE t (i INTEGER)", source.Token));
        Assert.Empty(session.Query("SHOW TABLES").Rows());
    }

    [Fact]
    public void Execute_CancelledMeanwhile_Stops()
    {
        using var source = new CancellationTokenSource(100);
        var error = Assert.Throws<OperationCanceledException>(() => session.Execute("CREATE TABLE t AS SELECT count(*) FROM range(100000000000) a, range(1000) b", source.Token));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Empty(session.Query("SHOW TABLES").Rows());
    }

    [Fact]
    public void NextChunk_CancelledBetweenChunks_Throws()
    {
        using var source = new CancellationTokenSource();
        using var result = session.Query("FROM range(100000000)", source.Token);
        Assert.NotNull(result.NextChunk());
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
        {
            while (result.NextChunk() is not null)
            {
            }
        });
    }

    [Fact]
    public void Query_AfterAnInterruption_Works()
    {
        using (var source = new CancellationTokenSource())
        using (session.Query("FROM range(100000000)", source.Token))
        {
            source.Cancel();
        }

        Assert.Equal(3, session.Scalar<int>("SELECT 3"));
    }
}
