namespace DurableTask.Core.Exceptions;

/// <summary>An instance with the wanted id exists, in a state that forbids to start it anew.</summary>
public class OrchestrationAlreadyExistsException(string message) : Exception(message);
