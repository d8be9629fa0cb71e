namespace Pipeline.Local.Broker;

/// <summary>The broker cannot do what it was asked for; the message is a sentence for its user.</summary>
internal sealed class BrokerException(string message, Exception? innerException = null) : Exception(message, innerException);
