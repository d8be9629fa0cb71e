using System.Collections;

namespace Microsoft.Azure.Functions.Worker.Hosting;

internal sealed class InvocationFeatures(InvocationOutcome outcome) : IInvocationFeatures
{
    private readonly Dictionary<Type, object> features = new() { [typeof(InvocationOutcome)] = outcome };

    public void Set<T>(T instance)
    {
        if (instance is null)
        {
            features.Remove(typeof(T));
        }
        else
        {
            features[typeof(T)] = instance;
        }
    }

    public T? Get<T>() => features.TryGetValue(typeof(T), out var feature) ? (T)feature : default;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
