namespace System.IO.Hashing;

/// <summary>The base class that Azure.Storage.Common derives its CRC-64 from.</summary>
public abstract class NonCryptographicHashAlgorithm(int hashLengthInBytes)
{
    /// <summary>Length of the hash, in bytes.</summary>
    public int HashLengthInBytes { get; } = hashLengthInBytes;

    /// <summary>Adds bytes to what is hashed.</summary>
    public abstract void Append(ReadOnlySpan<byte> source);

    /// <summary>Forgets all bytes added so far.</summary>
    public abstract void Reset();

    /// <summary>Writes the hash of the bytes added so far.</summary>
    protected abstract void GetCurrentHashCore(Span<byte> destination);

    /// <summary>Adds the rest of a stream to what is hashed.</summary>
    public void Append(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = new byte[4096];
        for (int read; (read = stream.Read(buffer, 0, buffer.Length)) > 0;)
        {
            Append(buffer.AsSpan(0, read));
        }
    }

    /// <summary>Adds the rest of a stream to what is hashed.</summary>
    public async Task AppendAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = new byte[4096];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            Append(buffer.AsSpan(0, read));
        }
    }

    /// <summary>The hash of the bytes added so far.</summary>
    public byte[] GetCurrentHash()
    {
        var hash = new byte[HashLengthInBytes];
        GetCurrentHashCore(hash);
        return hash;
    }

    /// <summary>Writes the hash of the bytes added so far.</summary>
    /// <returns>The number of bytes written.</returns>
    public int GetCurrentHash(Span<byte> destination)
    {
        GetCurrentHashCore(destination[..HashLengthInBytes]);
        return HashLengthInBytes;
    }
}
