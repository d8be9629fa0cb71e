namespace Pipeline.Lakehouse.Delta;

/// <summary>There is no table at a path: nothing was committed there yet, though files of a first commit may lie there already.</summary>
public sealed class NoTableException(string message) : TerminalException(message);
