namespace Pipeline.Local.Emulators;

/// <summary>Something needed on this machine is missing, taken or broken; the message is a sentence for the user that says what to do.</summary>
public sealed class LaunchException(string message, Exception? innerException = null) : Exception(message, innerException);
