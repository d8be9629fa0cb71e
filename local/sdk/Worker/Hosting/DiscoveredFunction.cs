using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>A method with [Function], and how it is called.</summary>
internal sealed class DiscoveredFunction : FunctionDefinition
{
    private readonly MethodInfo method;
    private readonly ObjectFactory? factory;
    private readonly ImmutableArray<ParameterSource> sources;

    public DiscoveredFunction(string name, MethodInfo method, ParameterInfo triggerParameter, TriggerBindingAttribute trigger)
    {
        this.method = method;
        Name = name;
        Trigger = trigger;
        TriggerParameter = triggerParameter;
        Retry = method.GetCustomAttribute<RetryAttribute>();
        EntryPoint = $"{method.DeclaringType?.FullName}.{method.Name}";
        PathToAssembly = method.Module.Assembly.Location;

        var parameters = method.GetParameters();
        Parameters = [.. parameters.Select(p => new FunctionParameter(p.Name ?? "", p.ParameterType, p.HasDefaultValue, p.HasDefaultValue ? p.DefaultValue : null))];
        InputBindings = Inputs(parameters);
        Outputs = OutputBinding.Of(method, name, trigger);
        OutputBindings = trigger is HttpTriggerAttribute
            ? ImmutableDictionary<string, BindingMetadata>.Empty.Add(OutputBinding.Return, new Binding(OutputBinding.Return, "http", BindingDirection.Out))
            : Outputs.ToImmutableDictionary(o => o.Name, BindingMetadata (o) => new Binding(o.Name, Binding.TypeOf(o.Attribute), BindingDirection.Out));
        sources = [.. parameters.Select(p => ParameterSources.Of(this, p))];
        factory = method.IsStatic || method.DeclaringType is not { } type ? null : ActivatorUtilities.CreateFactory(type, []);
    }

    public TriggerBindingAttribute Trigger { get; }

    public ParameterInfo TriggerParameter { get; }

    public RetryAttribute? Retry { get; }

    public ImmutableArray<OutputBinding> Outputs { get; }

    public Type ReturnType => method.ReturnType;

    public override string Name { get; }

    public override string Id => Name;

    public override string EntryPoint { get; }

    public override string PathToAssembly { get; }

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

    /// <summary>The attributes of a kind that its parameters have.</summary>
    public IEnumerable<T> Inputs<T>()
        where T : InputBindingAttribute => method.GetParameters().SelectMany(p => p.GetCustomAttributes<T>());

    /// <summary>Creates the function's class, binds its parameters, calls it and awaits what it returns.</summary>
    /// <remarks>For an orchestrator nothing is awaited here but the orchestrator itself.</remarks>
    public async Task<object?> CallAsync(Invocation invocation)
    {
        var instance = factory?.Invoke(invocation.InstanceServices, null);
        var arguments = new object?[sources.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = await sources[i](invocation);
        }

        var returned = method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        if (returned is not Task task)
        {
            return returned;
        }

        await task;
        return ReturnType.IsGenericType ? ReturnType.GetProperty(nameof(Task<>.Result))?.GetValue(task) : null;
    }

    private static ImmutableDictionary<string, BindingMetadata> Inputs(IEnumerable<ParameterInfo> parameters) =>
        parameters
            .SelectMany(p => p.GetCustomAttributes<BindingAttribute>(), (p, attribute) => (Name: p.Name ?? "", Attribute: attribute))
            .ToImmutableDictionary(b => b.Name, BindingMetadata (b) => new Binding(b.Name, Binding.TypeOf(b.Attribute), BindingDirection.In));
}
