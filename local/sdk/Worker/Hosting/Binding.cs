namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>A trigger, an input or the HTTP response, as middleware sees it.</summary>
internal sealed class Binding(string name, string type, BindingDirection direction) : BindingMetadata
{
    public override string Name => name;

    public override string Type => type;

    public override BindingDirection Direction => direction;

    /// <summary>The type of a binding attribute: httpTrigger of HttpTriggerAttribute, signalR of SignalROutputAttribute.</summary>
    public static string TypeOf(Attribute attribute)
    {
        var name = attribute.GetType().Name
            .Replace("InputAttribute", "", StringComparison.Ordinal)
            .Replace("OutputAttribute", "", StringComparison.Ordinal)
            .Replace(nameof(Attribute), "", StringComparison.Ordinal);
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
