namespace Pipeline.Faults.Storage;

/// <summary>Lets everything pass and notes the writes.</summary>
public sealed class RecordWrites : StorageFaults
{
    private readonly List<string> seen = [];

    public IReadOnlyList<string> Seen
    {
        get
        {
            lock (seen)
            {
                return [.. seen];
            }
        }
    }

    public override Task<Fault> AfterAsync(StorageRequest request, int status)
    {
        if (request.IsWrite)
        {
            lock (seen)
            {
                seen.Add($"{request}: {status}");
            }
        }

        return Task.FromResult(Fault.None);
    }
}
