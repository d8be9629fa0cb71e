namespace Pipeline.Lakehouse.Storage;

/// <summary>Files on a lake. Every implementation passes the same contract tests.</summary>
/// <remarks>Calls retry passing faults themselves; what they throw is a <see cref="TransientException"/> (storage or network, may pass) or a
/// <see cref="TerminalException"/> (missing container or file, forbidden, condition not met on a read).</remarks>
public interface ILake
{
    /// <summary>Creates the container unless it is there.</summary>
    Task CreateContainerAsync(string container, CancellationToken cancellationToken);

    /// <summary>The file at a path, or null where there is none.</summary>
    Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken);

    /// <summary>All files below a directory at any depth, in ordinal order of their paths; none where the directory or container does not exist.</summary>
    IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken);

    /// <summary>All files of a container whose path starts with a prefix, which need not end at a '/', in ordinal order.</summary>
    IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, CancellationToken cancellationToken);

    /// <summary>Names of the directories directly below a directory, in ordinal order.</summary>
    IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, CancellationToken cancellationToken);

    /// <summary>The whole content of a small file, or null where there is none.</summary>
    Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken);

    /// <summary>Copies a file to local disk, in parallel ranges where it is large. The local file appears only when it is whole.</summary>
    /// <param name="path">What to copy.</param>
    /// <param name="localFile">Where to; an existing file is replaced.</param>
    /// <param name="ifMatch">The ETag the file must have; null takes any.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="TerminalException">There is no such file, or it has another ETag.</exception>
    Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken);

    /// <summary>Reads a file from an offset on, as far as the reader wants: blocks are fetched as they are read, each on the condition that the file is still the same.</summary>
    /// <param name="path">What to read.</param>
    /// <param name="offset">The first byte to read, at most the file's length.</param>
    /// <param name="ifMatch">The ETag the file must have; null takes the one that it has now.</param>
    /// <param name="read">Reads the stream, which can seek forward and ends with the file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="TerminalException">There is no such file, or it has another ETag.</exception>
    Task<T> ReadFromAsync<T>(LakePath path, long offset, string? ifMatch, Func<Stream, Task<T>> read, CancellationToken cancellationToken);

    /// <summary>Writes a small file, replacing what is there.</summary>
    Task WriteAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Writes a small file if there is none at the path; exactly one of many concurrent callers succeeds.</summary>
    /// <returns>False where a file is there already and its content differs. A repeat by the writer itself after an uncertain answer finds its own bytes and returns true.</returns>
    Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Writes a local file of any size to the lake, with its MD5 as content hash.</summary>
    /// <param name="localFile">The file to copy.</param>
    /// <param name="path">Where to.</param>
    /// <param name="overwrite">False: put if absent.</param>
    /// <param name="cancellationToken">Ends the copy; what was staged is not visible.</param>
    /// <exception cref="TerminalException">A file is there already and <paramref name="overwrite"/> is false.</exception>
    Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken);

    /// <summary>Deletes a file; no error where there is none.</summary>
    Task DeleteAsync(LakePath path, CancellationToken cancellationToken);

    /// <summary>Deletes all files below a directory.</summary>
    Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken);
}
