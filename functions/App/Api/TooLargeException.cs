namespace Pipeline.App.Api;

/// <summary>A request whose body is larger than its operation takes.</summary>
public sealed class TooLargeException(string message) : BadRequestException(message);
