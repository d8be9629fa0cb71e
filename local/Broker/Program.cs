using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Local.Broker;

try
{
    var arguments = BrokerArguments.Read(args);
    var cluster = new MockCluster();
    foreach (var topic in arguments.Topics)
    {
        // Before anyone can ask for it: the mock cluster makes a topic of four partitions of whatever a client names.
        cluster.CreateTopic(topic, arguments.Partitions);
    }

    using var relay = new Relay(arguments.Port, cluster.Port);
    cluster.Advertise("127.0.0.1", arguments.Port);
    relay.Up();
    cluster.Advertise("127.0.0.1", relay.Port);
    using var groups = new ConsumerGroups($"127.0.0.1:{relay.Port}");
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.SetMinimumLevel(LogLevel.Warning);
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, arguments.ControlPort));
    await using var app = builder.Build();
    Control.Map(app, cluster, relay, groups, arguments.Partitions);
    await app.StartAsync();
    Console.WriteLine($"Kafka protocol on 127.0.0.1:{relay.Port}, control on {string.Join(", ", app.Urls)}.");
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception error) when (error is BrokerException or IOException)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}
