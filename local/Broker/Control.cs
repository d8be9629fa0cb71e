using Confluent.Kafka;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Pipeline.Local.Broker;

/// <summary>The control endpoint: what the broker has, and the faults a test asks for.</summary>
internal static class Control
{
    public static void Map(IEndpointRouteBuilder app, MockCluster cluster, Relay relay, ConsumerGroups groups, int partitions)
    {
        app.MapGet("/", () => Ask(() => new
        {
            BootstrapServers = $"127.0.0.1:{relay.Port}",
            Up = relay.IsUp,
            Topics = relay.IsUp ? groups.Topics() : [],
        }));
        app.MapGet("/lag", (string group, string topic) => Ask(() => groups.Lag(group, topic)));
        app.MapPost("/topics", (NewTopic topic) => Do(() => cluster.CreateTopic(topic.Name, topic.Partitions ?? partitions)));
        app.MapPost("/down", () => Do(relay.Down));
        app.MapPost("/up", () => Do(relay.Up));
        app.MapPost("/delay", (Delay delay) => Do(() => cluster.Delay(TimeSpan.FromMilliseconds(delay.Milliseconds))));
        app.MapPost("/errors", (Errors errors) => Do(() => cluster.Fail(errors.ApiKey, errors.Codes)));
    }

    private static IResult Do(Action action) => Ask<object?>(() =>
    {
        action();
        return null;
    });

    private static IResult Ask<T>(Func<T> question)
    {
        try
        {
            return question() is { } answer ? Results.Ok(answer) : Results.NoContent();
        }
        catch (BrokerException error)
        {
            return Results.Problem(error.Message, statusCode: StatusCodes.Status409Conflict);
        }
        catch (KafkaException error)
        {
            return Results.Problem(error.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    internal sealed record NewTopic(string Name, int? Partitions);

    internal sealed record Delay(int Milliseconds);

    /// <param name="ApiKey">The request's kind in the Kafka protocol: 0 produce, 1 fetch, 8 offset commit, …</param>
    /// <param name="Codes">Error codes of the Kafka protocol, one for each of the next requests; -195 closes the connection.</param>
    internal sealed record Errors(short ApiKey, int[] Codes);
}
