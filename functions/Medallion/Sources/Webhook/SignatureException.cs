using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.Webhook;

/// <summary>A delivery of which nobody knows that it comes from its sender, and that it is no old one.</summary>
public sealed class SignatureException(string message) : TerminalException(message);
