using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Mart;

/// <summary>A question being answered: its place, its session and its deadline. What goes wrong in it is told as the caller can understand it.</summary>
internal sealed class MartReading : IDisposable
{
    private readonly TimeProvider clock;
    private readonly TimeSpan patience;
    private readonly IDisposable? place;
    private readonly CancellationTokenSource deadline;
    private readonly CancellationTokenSource limited;
    private readonly CancellationToken caller;
    private readonly long begun;
    private MartSession? session;

    private MartReading(IDisposable? place, TimeSpan patience, TimeProvider clock, long begun, CancellationToken caller)
    {
        (this.place, this.patience, this.clock, this.begun, this.caller) = (place, patience, clock, begun, caller);
        deadline = new CancellationTokenSource(patience, clock);
        limited = CancellationTokenSource.CreateLinkedTokenSource(caller, deadline.Token);
    }

    /// <summary>Ends when the caller is gone or the time is over.</summary>
    public CancellationToken Token => limited.Token;

    public DuckDbSession Session => (session ?? throw new InvalidOperationException("No session was opened.")).Session;

    public TimeSpan Elapsed => clock.GetElapsedTime(begun);

    /// <summary>Waits for a place.</summary>
    /// <param name="gate">Gives places; null: who asks has one already.</param>
    /// <param name="patience">How long it may take, waiting included.</param>
    /// <param name="clock">Measures it.</param>
    /// <param name="cancellationToken">Ends when the caller is gone.</param>
    public static async Task<MartReading> BeginAsync(QueryGate? gate, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        var begun = clock.GetTimestamp();
        return new MartReading(gate is null ? null : await gate.EnterAsync(patience, cancellationToken), patience, clock, begun, cancellationToken);
    }

    /// <summary>Opens the session; once.</summary>
    public async Task OpenAsync(MartSessions sessions, MartTable table, string reads, bool inOneThread)
    {
        try
        {
            session = await sessions.OpenAsync(table, reads, inOneThread, Token);
        }
        catch (Exception error) when (Meaning(error) is { } meaning)
        {
            throw meaning;
        }
    }

    /// <summary>Does a part of the work.</summary>
    /// <exception cref="QueryException">DuckDB refuses it, or the time is over.</exception>
    public T Do<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (Meaning(error) is { } meaning)
        {
            throw meaning;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        session?.Dispose();
        limited.Dispose();
        deadline.Dispose();
        place?.Dispose();
    }

    private Exception? Meaning(Exception error) => error switch
    {
        OperationCanceledException when deadline.IsCancellationRequested && !caller.IsCancellationRequested =>
            new QueryException($"The question took longer than {patience.TotalSeconds} s and was stopped: narrow it, or build a model of it.", error),
        DuckDbException failure => session?.Meaning(failure) ?? new QueryException(failure.Message, failure),
        _ => null,
    };
}
