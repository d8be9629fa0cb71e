namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The host cannot start, for a reason that its user can mend: the message says what was found, where, and what to do.</summary>
internal sealed class FunctionsHostException(string message, Exception? inner = null) : Exception(message, inner);
