namespace Microsoft.Azure.Functions.Worker.Http;

public abstract class HttpRequestData(FunctionContext functionContext)
{
    public abstract Uri Url { get; }

    public abstract string Method { get; }

    public abstract Stream Body { get; }

    public FunctionContext FunctionContext { get; } = functionContext;
}
