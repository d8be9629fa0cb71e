namespace Pipeline.Lakehouse;

/// <summary>A run went wrong. What is wrong with a row is never an exception: it is a row of a <c>rejected</c> table.</summary>
/// <remarks>Two kinds, told apart by type because properties do not survive an activity's edge: <see cref="TransientException"/> is retried,
/// <see cref="TerminalException"/> is not.</remarks>
public abstract class LakehouseException(string message, Exception? innerException) : Exception(Bounded(message), innerException)
{
    // A message may quote a value of any length; longer ones have stuck task hubs.
    private const int MessageCharacters = 4000;

    private static string Bounded(string message) => message.Length > MessageCharacters ? string.Concat(message.AsSpan(0, MessageCharacters), " …") : message;
}

/// <summary>Storage, network or broker failed in a way that may pass: the same call may succeed later.</summary>
public sealed class TransientException(string message, Exception? innerException = null) : LakehouseException(message, innerException);

/// <summary>Data or definition are such that a repeat fails the same way. The message says what was found, what was expected, where, and what to do.</summary>
public class TerminalException(string message, Exception? innerException = null) : LakehouseException(message, innerException);
