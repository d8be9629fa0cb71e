namespace Pipeline.App.Api;

/// <summary>A request that is not what the API describes.</summary>
public class BadRequestException(string message, Exception? innerException = null) : Exception(message, innerException);
