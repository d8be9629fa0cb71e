using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker.Hosting.EventHubs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using FromBodyAttribute = Microsoft.Azure.Functions.Worker.Http.FromBodyAttribute;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Gives a parameter its value in one invocation.</summary>
internal delegate ValueTask<object?> ParameterSource(Invocation invocation);

/// <summary>Which source a parameter has is settled when the function is found, so that a wrong one stops the start.</summary>
internal static class ParameterSources
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    public static ParameterSource Of(DiscoveredFunction function, ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (parameter == function.TriggerParameter)
        {
            return OfTrigger(function, type);
        }

        if (parameter.IsDefined(typeof(DurableClientAttribute)))
        {
            Require(function, parameter, typeof(DurableTaskClient));
            return invocation => new(invocation.InstanceServices.GetRequiredService<DurableFunctions>().Client);
        }

        if (parameter.GetCustomAttribute<SignalRConnectionInfoInputAttribute>() is { } connection)
        {
            Require(function, parameter, typeof(SignalRConnectionInfo));
            return invocation => new(invocation.InstanceServices.GetRequiredService<SignalRService>().Negotiate(invocation, connection));
        }

        if (parameter.IsDefined(typeof(FromBodyAttribute)))
        {
            return invocation => ReadBodyAsync(invocation, type);
        }

        return type switch
        {
            _ when type == typeof(FunctionContext) => invocation => new(invocation),
            _ when type == typeof(CancellationToken) => invocation => new(invocation.CancellationToken),
            _ when function.Trigger is OrchestrationTriggerAttribute => invocation => new(((OrchestrationCall)invocation.Trigger).Input(type)),
            _ => invocation => new(Named(invocation, parameter)),
        };
    }

    private static ParameterSource OfTrigger(DiscoveredFunction function, Type type)
    {
        switch (function.Trigger)
        {
            case HttpTriggerAttribute:
                Require(function, function.TriggerParameter, typeof(HttpRequest));
                return invocation => new(((HttpContext)invocation.Trigger).Request);
            case TimerTriggerAttribute:
                Require(function, function.TriggerParameter, typeof(TimerInfo));
                return invocation => new(invocation.Trigger);
            case OrchestrationTriggerAttribute:
                Require(function, function.TriggerParameter, typeof(TaskOrchestrationContext));
                return invocation => new(((OrchestrationCall)invocation.Trigger).Context);
            case EventHubTriggerAttribute { IsBatched: false }:
                throw new FunctionsHostException($"Function '{function.Name}' has IsBatched = false: this host gives batches only. Take EventData[].");
            case EventHubTriggerAttribute:
                Require(function, function.TriggerParameter, typeof(EventData[]));
                return invocation => new(((EventBatch)invocation.Trigger).Events);
            case ActivityTriggerAttribute:
                return invocation => new(((ActivityCall)invocation.Trigger).Input(type));
            default:
                throw new FunctionsHostException($"Function '{function.Name}': {Binding.TypeOf(function.Trigger)} is not a trigger of this host.");
        }
    }

    private static void Require(DiscoveredFunction function, ParameterInfo parameter, Type expected)
    {
        if (parameter.ParameterType != expected)
        {
            throw new FunctionsHostException(
                $"Function '{function.Name}': parameter '{parameter.Name}' is a {parameter.ParameterType.Name}, but its binding gives a {expected.Name}.");
        }
    }

    private static async ValueTask<object?> ReadBodyAsync(Invocation invocation, Type type)
    {
        var request = invocation.Trigger is HttpContext http ? http.Request : throw new InvalidOperationException("Only an HTTP trigger has a body.");
        var options = invocation.InstanceServices.GetRequiredService<IOptions<JsonOptions>>().Value.JsonSerializerOptions;
        return await request.ReadFromJsonAsync(type, options, invocation.CancellationToken);
    }

    private static object? Named(Invocation invocation, ParameterInfo parameter)
    {
        var name = parameter.Name ?? "";
        if (invocation.BindingContext.BindingData.TryGetValue(name, out var value) && value is not null)
        {
            return Convert(invocation, parameter, value);
        }

        if (parameter.HasDefaultValue)
        {
            return parameter.DefaultValue;
        }

        return !parameter.ParameterType.IsValueType || Nullable.GetUnderlyingType(parameter.ParameterType) is not null
            ? null
            : throw new InvalidOperationException(
                $"Error converting 1 input parameters for Function '{invocation.Function.Name}': Could not populate the value for '{name}' parameter. "
                + "Consider adding a default value or making the parameter nullable.");
    }

    private static object? Convert(Invocation invocation, ParameterInfo parameter, object value)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (type.IsInstanceOfType(value))
        {
            return value;
        }

        var text = value as string ?? value.ToString() ?? "";
        try
        {
            return type switch
            {
                _ when type == typeof(Guid) => Guid.Parse(text),
                _ when type == typeof(DateTime) => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
                _ when type == typeof(DateTimeOffset) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                _ => JsonSerializer.Deserialize(text, type, Json),
            };
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new InvalidOperationException(
                $"Error converting 1 input parameters for Function '{invocation.Function.Name}': "
                + $"Cannot convert input parameter '{parameter.Name}' to type '{type.FullName}' from '{text}'.",
                e);
        }
    }
}
