using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Identity;

namespace Pipeline.Lakehouse.Storage;

/// <summary>The one place where exceptions of the storage SDKs become the house's two kinds.</summary>
public static class StorageFault
{
    /// <summary>Runs a call of the SDK.</summary>
    /// <param name="what">What is being done, for the message: a verb and a path.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">A cancellation by this token stays what it is; any other is the SDK's own timeout.</param>
    /// <exception cref="TransientException">It may pass.</exception>
    /// <exception cref="TerminalException">A repeat would fail the same way.</exception>
    public static async Task<T> GuardAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception error) when (Translate(what, error, cancellationToken) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Enumerates a listing of the SDK.</summary>
    public static async IAsyncEnumerable<T> GuardAsync<T>(
        string what, IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var enumerator = items.GetAsyncEnumerator(cancellationToken);
        while (await GuardAsync(what, () => enumerator.MoveNextAsync().AsTask(), cancellationToken))
        {
            yield return enumerator.Current;
        }
    }

    /// <summary>True where a put-if-absent found something at its path.</summary>
    internal static bool IsOccupied(RequestFailedException error) =>
        error.Status == (int)HttpStatusCode.PreconditionFailed
        || (error.Status == (int)HttpStatusCode.Conflict && error.ErrorCode is "BlobAlreadyExists" or "PathAlreadyExists");

    /// <summary>True where file, directory or container is not there.</summary>
    internal static bool IsMissing(RequestFailedException error) => error.Status == (int)HttpStatusCode.NotFound;

    private static LakehouseException? Translate(string what, Exception error, CancellationToken cancellationToken) =>
        error is LakehouseException || (error is OperationCanceledException && cancellationToken.IsCancellationRequested) ? null
        : IsTransient(error) ? new TransientException($"Storage did not answer in time or failed while {what} ({Describe(error)}). It may pass.", error)
        : error is RequestFailedException or AuthenticationFailedException or AggregateException ? new TerminalException($"Storage refused {what} ({Describe(error)}). {Advice(error)}", error)
        : null;

    /// <summary>Whether what an SDK throws may pass.</summary>
    public static bool IsTransient(Exception error) => error switch
    {
        RequestFailedException request => request.Status is 0 or 408 or 429 or >= 500 || request.ErrorCode is "ContainerBeingDeleted" or "FilesystemBeingDeleted",
        AuthenticationFailedException { InnerException: { } inner } => IsTransient(inner),
        AggregateException many => many.InnerExceptions.All(IsTransient),
        FileNotFoundException or DirectoryNotFoundException => false,
        IOException or HttpRequestException or SocketException or TimeoutException or OperationCanceledException => true,
        _ => false,
    };

    /// <summary>An exception of an SDK in a few words. Its message repeats headers of the answer; status and code say what matters and hold nothing secret.</summary>
    public static string Describe(Exception error) => error switch
    {
        RequestFailedException { Status: > 0 } request => $"{request.Status} {request.ErrorCode}",
        AggregateException many => Describe(many.InnerExceptions[^1]),
        _ => error.GetType().Name,
    };

    private static string Advice(Exception error) => error switch
    {
        RequestFailedException { Status: 404 } => "There is no such file or container: check the path, and that the container was created.",
        RequestFailedException { Status: 403 or 401 } or AuthenticationFailedException => "Check that the app's identity has the roles Storage Blob Data Contributor and Storage Table Data Contributor, and the account's network rules.",
        RequestFailedException { Status: 412 } => "The file is not the one that was expected: it was replaced meanwhile.",
        RequestFailedException { Status: 409 } => "The path is taken by another file, directory or lease.",
        _ => "Check the storage account's name and settings.",
    };
}
