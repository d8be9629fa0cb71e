using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask;

public abstract partial class TaskOrchestrationContext
{
    /// <summary>A logger that writes nothing during a replay.</summary>
    public virtual ILogger CreateReplaySafeLogger(string categoryName) => new SilentOnReplay(this, Unwrapped().CreateLogger(categoryName));

    /// <summary>A logger that writes nothing during a replay.</summary>
    public virtual ILogger CreateReplaySafeLogger(Type type) => new SilentOnReplay(this, Unwrapped().CreateLogger(type));

    /// <summary>A logger that writes nothing during a replay.</summary>
    public virtual ILogger CreateReplaySafeLogger<T>() => new SilentOnReplay(this, Unwrapped().CreateLogger<T>());

    // A wrapping context may hand out its inner context's replay-safe factory: one layer of silence is enough.
    private ILoggerFactory Unwrapped()
    {
        var factory = LoggerFactory;
        while (factory is SilentOnReplayFactory wrapped)
        {
            factory = wrapped.Inner;
        }

        return factory;
    }

    private sealed class SilentOnReplay(TaskOrchestrationContext context, ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!context.IsReplaying)
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }

    private sealed class SilentOnReplayFactory(TaskOrchestrationContext context) : ILoggerFactory
    {
        public ILoggerFactory Inner => context.LoggerFactory;

        public ILogger CreateLogger(string categoryName) => context.CreateReplaySafeLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Adding providers to the replay-safe logger factory is not supported.");

        public void Dispose()
        {
        }
    }
}
