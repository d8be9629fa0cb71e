namespace Pipeline.Faults.Storage;

/// <summary>What becomes of a request, or of its answer.</summary>
public enum Fault
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>The connection is cut.</summary>
    Cut,

    /// <summary>409 is answered: what is to be created is there already.</summary>
    Occupied,

    /// <summary>412 is answered: what is to be changed is not what it was.</summary>
    Changed,

    /// <summary>429 Too Many Requests is answered.</summary>
    Throttled,

    /// <summary>500 Internal Server Error is answered.</summary>
    Broken,

    /// <summary>503 Server Busy is answered.</summary>
    Busy,
}

/// <summary>Decides what goes wrong. A method that takes its time delays the request or its answer; this class itself lets everything pass.</summary>
public class StorageFaults
{
    /// <summary>Nothing goes wrong.</summary>
    public static StorageFaults None { get; } = new();

    /// <summary>Before a request goes on. A fault here means that storage never sees it.</summary>
    public virtual Task<Fault> BeforeAsync(StorageRequest request) => Task.FromResult(Fault.None);

    /// <summary>Once storage has answered and before the answer goes back. A fault here means that what was asked is done, but the client does not learn it.</summary>
    public virtual Task<Fault> AfterAsync(StorageRequest request, int status) => Task.FromResult(Fault.None);
}
