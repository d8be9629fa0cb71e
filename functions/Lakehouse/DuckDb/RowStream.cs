using System.Runtime.InteropServices;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>A table function whose rows come from here while a query reads them. Every scan of a query begins anew.</summary>
internal sealed unsafe class RowStream : IDisposable
{
    private readonly IReadOnlyList<string> names;
    private readonly IReadOnlyList<LogicalTypeHandle> types;
    private readonly long rows;
    private readonly Func<IEnumerator<DuckDbChunk>> open;
    private GCHandle self;

    private RowStream(string name, DuckDbResult shape, long rows, Func<IEnumerator<DuckDbChunk>> open)
    {
        Name = name;
        names = [.. shape.Columns.Select(column => column.Name)];
        types = [.. names.Select((_, at) => shape.LogicalType(at))];
        (this.rows, this.open) = (rows, open);
        self = GCHandle.Alloc(this);
    }

    /// <summary>The function's name; it has no parameters.</summary>
    public string Name { get; }

    /// <summary>Why the last scan ended early: what <c>open</c> threw, which the query's own error has as text only.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Defines a function in a session, for as long as that lives.</summary>
    /// <param name="session">Whose queries may call it.</param>
    /// <param name="shape">A SELECT of few rows with the columns.</param>
    /// <param name="rows">How many rows there are, about.</param>
    /// <param name="open">Begins a scan; runs on threads of DuckDB, at most one at a time for one scan.</param>
    public static RowStream Define(DuckDbSession session, string shape, long rows, Func<IEnumerator<DuckDbChunk>> open)
    {
        RowStream stream;
        using (var result = session.Query(shape))
        {
            // To its end: a query that is left keeps its transaction, and what is registered within is undone with it.
            while (result.Read())
            {
            }

            stream = new RowStream($"__stream_{session.NextNumber()}", result, rows, open);
        }

        var function = NativeMethods.CreateTableFunction();
        try
        {
            NativeMethods.TableFunctionSetName(function, stream.Name);
            NativeMethods.TableFunctionSetExtraInfo(function, GCHandle.ToIntPtr(stream.self), null);
            NativeMethods.TableFunctionSetBind(function, &Bind);
            NativeMethods.TableFunctionSetInit(function, &Init);
            NativeMethods.TableFunctionSetFunction(function, &Next);
            session.Register(function, stream.Name);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
        finally
        {
            NativeMethods.DestroyTableFunction(ref function);
        }
    }

    /// <summary>Call it when no query reads the function any more.</summary>
    public void Dispose()
    {
        if (self.IsAllocated)
        {
            self.Free();
        }

        foreach (var type in types)
        {
            type.Dispose();
        }
    }

    [UnmanagedCallersOnly]
    private static void Bind(nint info)
    {
        var stream = Of(NativeMethods.BindGetExtraInfo(info));
        foreach (var (name, type) in stream.names.Zip(stream.types))
        {
            NativeMethods.BindAddResultColumn(info, name, type);
        }

        NativeMethods.BindSetCardinality(info, (ulong)stream.rows, isExact: false);
    }

    [UnmanagedCallersOnly]
    private static void Init(nint info)
    {
        NativeMethods.InitSetMaxThreads(info, 1);
        NativeMethods.InitSetInitData(info, GCHandle.ToIntPtr(GCHandle.Alloc(new Scan(Of(NativeMethods.InitGetExtraInfo(info))))), &End);
    }

    [UnmanagedCallersOnly]
    private static void Next(nint info, nint output)
    {
        var scan = (Scan)(GCHandle.FromIntPtr(NativeMethods.FunctionGetInitData(info)).Target ?? throw new InvalidOperationException("The scan has ended."));
        try
        {
            scan.Fill(output);
        }
        catch (Exception error) when (Keep(scan.Stream, error))
        {
            // No exception may pass through native code.
            NativeMethods.FunctionSetError(info, error.Message);
        }
    }

    [UnmanagedCallersOnly]
    private static void End(nint data)
    {
        var handle = GCHandle.FromIntPtr(data);
        (handle.Target as Scan)?.Dispose();
        handle.Free();
    }

    private static bool Keep(RowStream stream, Exception error)
    {
        stream.Failure = error;
        return true;
    }

    private static RowStream Of(nint handle) => (RowStream)(GCHandle.FromIntPtr(handle).Target ?? throw new InvalidOperationException("The stream is disposed."));

    private sealed class Scan(RowStream stream) : IDisposable
    {
        private IEnumerator<DuckDbChunk>? chunks;

        public RowStream Stream => stream;

        public void Fill(nint output)
        {
            chunks ??= stream.open();
            if (chunks.MoveNext())
            {
                chunks.Current.ReferTo(output);
            }
            else
            {
                NativeMethods.DataChunkSetSize(output, 0);
            }
        }

        public void Dispose() => chunks?.Dispose();
    }
}
