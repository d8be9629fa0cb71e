using Microsoft.DurableTask;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>What an activity is called with: its input as JSON.</summary>
internal sealed record ActivityCall(string? InputJson, DataConverter Converter)
{
    public object? Input(Type type) => Converter.Deserialize(InputJson, type);
}
