using System.Text.Json;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Models;

namespace Pipeline.Medallion.Mart;

/// <summary>Opens locked sessions with one table each. Those of small tables are kept for the next question of the same version: opening one takes longer than most questions.</summary>
internal sealed class MartSessions(Engine engine, TableReader reader, TimeProvider clock) : IDisposable
{
    /// <summary>How many idle sessions are kept.</summary>
    public const int Kept = 8;

    // Files of larger tables are not held while nobody reads them: all that is kept takes an eighth of the cache at most.
    private readonly long smallBytes = Math.Min(32L << 20, engine.Options.ScratchBytes / 2 / 8 / Kept);
    private readonly Lock gate = new();
    private readonly LinkedList<Opened> idle = new();
    private bool disposed;

    /// <summary>A session in which the table can be read, and nothing else.</summary>
    /// <param name="table">The table.</param>
    /// <param name="select">What will be asked of it: of a large table only the columns in use are brought.</param>
    /// <param name="inOneThread">One thread even for a large table.</param>
    /// <param name="cancellationToken">Ends the downloads.</param>
    public async Task<MartSession> OpenAsync(MartTable table, string select, bool inOneThread, CancellationToken cancellationToken)
    {
        var isSmall = table.Snapshot.Bytes <= smallBytes;
        if (isSmall && Take(table.Tag) is { } kept)
        {
            RunTime.Define(kept.Session, clock.GetUtcNow());
            return new MartSession(kept.Session, kept.Views, () => Keep(kept));
        }

        var session = isSmall || inOneThread ? engine.OpenSmallSession() : engine.OpenSession();
        TableViews? views = null;
        try
        {
            RunTime.Define(session, clock.GetUtcNow());
            var planned = await reader.PlanAsync(session, [table.Input], select, cancellationToken);
            engine.RequireRoom("The question", planned);
            views = await reader.CreateViewsAsync(session, planned, cancellationToken);
            if (!views.IsStreamed)
            {
                session.LockDown(views.LocalFiles);
            }

            var opened = new Opened(table.Tag, session, views);
            return new MartSession(session, views, () =>
            {
                if (isSmall)
                {
                    Keep(opened);
                }
                else
                {
                    opened.Dispose();
                }
            });
        }
        catch
        {
            views?.Dispose();
            session.Dispose();
            throw;
        }
    }

    /// <summary>A session in which rows that are given can be read as a table, and nothing else.</summary>
    /// <exception cref="QueryException">They are not of these columns.</exception>
    public DuckDbSession OpenWith(TableKey table, string rows, IReadOnlyList<DuckDbColumn> columns)
    {
        var session = engine.OpenSmallSession();
        try
        {
            var shape = JsonSerializer.Serialize(new[] { columns.ToDictionary(c => c.Name, c => c.Type) });
            session.Execute($"create schema {table.Layer}; create table {table} as select unnest(from_json_strict({Sql.Literal(rows)}::json, {Sql.Literal(shape)}), max_depth := 2)");
            session.LockDown([]);
            return session;
        }
        catch (DuckDbException error)
        {
            session.Dispose();
            throw new QueryException($"The rows cannot be read as {string.Join(", ", columns.Select(c => $"{c.Name} ({c.Type})"))}: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach (var opened in idle)
            {
                opened.Dispose();
            }

            idle.Clear();
        }
    }

    private Opened? Take(string tag)
    {
        lock (gate)
        {
            for (var node = idle.First; node is not null; node = node.Next)
            {
                if (node.Value.Tag == tag)
                {
                    idle.Remove(node);
                    return node.Value;
                }
            }

            return null;
        }
    }

    private void Keep(Opened opened)
    {
        Opened? surplus = null;
        lock (gate)
        {
            if (disposed)
            {
                surplus = opened;
            }
            else
            {
                idle.AddFirst(opened);
                if (idle.Count > Kept && idle.Last is { } last)
                {
                    surplus = last.Value;
                    idle.RemoveLast();
                }
            }
        }

        surplus?.Dispose();
    }

    private sealed record Opened(string Tag, DuckDbSession Session, TableViews Views) : IDisposable
    {
        public void Dispose()
        {
            Views.Dispose();
            Session.Dispose();
        }
    }
}

/// <summary>A session of the mart until it is disposed.</summary>
/// <param name="session">The session.</param>
/// <param name="views">The table in it.</param>
/// <param name="done">Gives it back.</param>
internal sealed class MartSession(DuckDbSession session, TableViews views, Action done) : IDisposable
{
    private Action? whenDone = done;

    public DuckDbSession Session => session;

    /// <summary>What an error of DuckDB means: files that did not come are not the question's fault.</summary>
    public Exception Meaning(DuckDbException error) => views.Failure is { } failure ? failure : new QueryException(error.Message, error);

    public void Dispose() => Interlocked.Exchange(ref whenDone, null)?.Invoke();
}
