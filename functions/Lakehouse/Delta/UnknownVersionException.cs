namespace Pipeline.Lakehouse.Delta;

/// <summary>A table does not have the version that was asked for: not yet, or no longer.</summary>
public sealed class UnknownVersionException(string message) : TerminalException(message);
