using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The functions of the app. What cannot work is refused here, before the host starts.</summary>
internal sealed partial class FunctionCatalog(IReadOnlyList<Type> types, IConfiguration settings)
{
    private const BindingFlags Methods = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly Dictionary<string, DiscoveredFunction> byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> disabled = [];

    /// <summary>Finds the functions.</summary>
    /// <exception cref="FunctionsHostException">One of them cannot work.</exception>
    public void Load()
    {
        foreach (var method in types.SelectMany(type => type.GetMethods(Methods)))
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is not { } attribute)
            {
                continue;
            }

            if (settings.GetValue<bool>($"AzureWebJobs.{attribute.Name}.Disabled"))
            {
                disabled.Add(attribute.Name);
            }
            else
            {
                Add(attribute.Name, method);
            }
        }
    }

    public IEnumerable<DiscoveredFunction> All => byName.Values.OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The functions switched off by a setting AzureWebJobs.NAME.Disabled; they are in no other list.</summary>
    public IReadOnlyList<string> Disabled => disabled;

    public bool UsesDurableTask => byName.Values.Any(function =>
        function.Trigger is OrchestrationTriggerAttribute or ActivityTriggerAttribute
        || function.InputBindings.Values.Any(binding => binding.Type == "durableClient"));

    public IEnumerable<(DiscoveredFunction Function, T Trigger)> With<T>()
        where T : TriggerBindingAttribute =>
        from function in All where function.Trigger is T select (function, (T)function.Trigger);

    /// <summary>The function of that name, ignoring case, if it has a trigger of type <typeparamref name="T"/>.</summary>
    public DiscoveredFunction? Find<T>(string name)
        where T : TriggerBindingAttribute => byName.GetValueOrDefault(name) is { Trigger: T } function ? function : null;

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,127}$")]
    private static partial Regex ValidName();

    private void Add(string name, MethodInfo method)
    {
        var where = $"Function '{name}' ({method.DeclaringType?.Name}.{method.Name})";
        if (!ValidName().IsMatch(name))
        {
            throw new FunctionsHostException($"{where}: a name begins with a letter and has up to 128 letters, digits, '_' and '-'.");
        }

        var triggers = method.GetParameters().Where(p => p.IsDefined(typeof(TriggerBindingAttribute))).ToList();
        if (triggers is not [var parameter] || parameter.GetCustomAttribute<TriggerBindingAttribute>() is not { } trigger)
        {
            throw new FunctionsHostException($"{where} has {triggers.Count} triggers. A function has exactly one.");
        }

        // The real worker does not await a ValueTask, and nobody can await async void.
        if (method.ReturnType == typeof(ValueTask) || (method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(ValueTask<>)))
        {
            throw new FunctionsHostException($"{where} returns a {method.ReturnType.Name}. Return a Task.");
        }

        if (method.IsDefined(typeof(RetryAttribute)) && trigger is not (TimerTriggerAttribute or EventHubTriggerAttribute))
        {
            throw new FunctionsHostException($"{where} has a retry policy, which {Binding.TypeOf(trigger)} does not support.");
        }

        if (!byName.TryAdd(name, new DiscoveredFunction(name, method, parameter, trigger)))
        {
            throw new FunctionsHostException($"{where}: another function has this name, too ({byName[name].EntryPoint}).");
        }
    }
}
