using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Ties a statement to a token: cancelling interrupts what the connection executes.</summary>
internal sealed class Interruption(ConnectionHandle connection, string sql, CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
        static state => NativeMethods.Interrupt(state as ConnectionHandle ?? throw new InvalidOperationException()), connection);

    public CancellationToken Token => cancellationToken;

    /// <summary>The exception for an error text of the library.</summary>
    public Exception Failure(string? error)
    {
        var failure = DuckDbException.FromNative(error, sql);
        return cancellationToken.IsCancellationRequested
            ? new OperationCanceledException("The query was interrupted.", failure, cancellationToken)
            : failure;
    }

    public void Dispose() => registration.Dispose();
}
