using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Where what a function returns goes: as a whole, or a property of it.</summary>
/// <param name="Name"><c>$return</c>, or the property's name.</param>
/// <param name="Attribute">What it is bound to.</param>
/// <param name="Property">Null for what is returned as a whole.</param>
internal sealed record OutputBinding(string Name, OutputBindingAttribute Attribute, PropertyInfo? Property)
{
    public const string Return = "$return";

    /// <summary>That of the method, or else those of the properties of the type it returns.</summary>
    /// <exception cref="FunctionsHostException">One of them cannot work.</exception>
    public static ImmutableArray<OutputBinding> Of(MethodInfo method, string function, TriggerBindingAttribute trigger)
    {
        var returned = method.ReturnType is { IsGenericType: true } task && task.GetGenericTypeDefinition() == typeof(Task<>) ? task.GenericTypeArguments[0] : method.ReturnType;
        ImmutableArray<OutputBinding> found = method.GetCustomAttribute<OutputBindingAttribute>() is { } attribute
            ? [new(Return, attribute, null)]
            : [.. from property in returned.GetProperties() let own = property.GetCustomAttribute<OutputBindingAttribute>() where own is not null select new OutputBinding(property.Name, own, property)];
        foreach (var output in found)
        {
            output.Require(output.Property?.PropertyType ?? returned, $"Function '{function}', output {output.Name}");
        }

        return found.IsEmpty || trigger is not (HttpTriggerAttribute or OrchestrationTriggerAttribute)
            ? found
            : throw new FunctionsHostException($"Function '{function}' has an output binding, which this host does not offer for {Binding.TypeOf(trigger)}. Send from a function with another trigger.");
    }

    /// <summary>What is to be sent; null for nothing.</summary>
    public object? Value(object? returned) => Property is null || returned is null ? returned : Property.GetValue(returned);

    private void Require(Type type, string where)
    {
        if (Attribute is not SignalROutputAttribute)
        {
            throw new FunctionsHostException($"{where}: {Binding.TypeOf(Attribute)} is not an output of this host.");
        }

        if (type != typeof(SignalRMessageAction) && !type.IsAssignableTo(typeof(IEnumerable<SignalRMessageAction>)))
        {
            throw new FunctionsHostException($"{where} is a {type.Name}: expected a {nameof(SignalRMessageAction)} or an array of them.");
        }
    }
}
