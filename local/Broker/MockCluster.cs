using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Pipeline.Local.Broker;

/// <summary>librdkafka's mock cluster: one broker that speaks the Kafka protocol on a loopback port of its own choice, and keeps everything in memory.</summary>
/// <remarks>It ends with the process.</remarks>
internal sealed partial class MockCluster
{
    private const string Library = "librdkafka";
    private const int Producer = 0;
    private const int BrokerId = 1;
    private const int ErrorTextBytes = 512;

    // As Confluent.Kafka does: the second and third are for systems that lack a library the first one needs.
    private static readonly string[] LibraryNames = [Library, "centos8-librdkafka", "alpine-librdkafka"];

    private readonly nint cluster;

    static MockCluster() => NativeLibrary.SetDllImportResolver(typeof(MockCluster).Assembly, Resolve);

    public MockCluster()
    {
        var error = new byte[ErrorTextBytes];
        var client = New(Producer, 0, error, ErrorTextBytes);
        if (client == 0)
        {
            throw new BrokerException($"librdkafka did not start: {Encoding.UTF8.GetString(error).TrimEnd('\0')}");
        }

        cluster = NewCluster(client, 1);
        SetController(cluster, BrokerId);
        SetRebalanceDelay(cluster, 0);
        var address = Marshal.PtrToStringUTF8(Bootstraps(cluster)) ?? "";
        Port = int.Parse(address[(address.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>The loopback port that it took.</summary>
    public int Port { get; }

    /// <summary>What clients are told to connect to.</summary>
    public void Advertise(string host, int port) => SetHostPort(cluster, BrokerId, host, port);

    public void CreateTopic(string topic, int partitions) => ThrowOn(TopicCreate(cluster, topic, partitions, 1), $"Topic '{topic}' with {partitions} partitions was not created");

    /// <summary>Every answer waits this long.</summary>
    public void Delay(TimeSpan delay) => ThrowOn(SetRoundTrip(cluster, BrokerId, (int)delay.TotalMilliseconds), "The delay was not set");

    /// <summary>The next requests of a kind fail with these codes of the Kafka protocol, one after the other.</summary>
    public void Fail(short apiKey, int[] codes) => PushErrors(cluster, apiKey, (nuint)codes.Length, codes);

    private static void ThrowOn(int code, string what)
    {
        if (code != 0)
        {
            throw new BrokerException($"{what}: {Marshal.PtrToStringUTF8(ErrorText(code))}.");
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        foreach (var candidate in name == Library ? LibraryNames : [])
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
            {
                return handle;
            }
        }

        return 0;
    }

    [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
    private static partial nint New(int type, nint configuration, byte[] error, nuint errorBytes);

    [LibraryImport(Library, EntryPoint = "rd_kafka_err2str")]
    private static partial nint ErrorText(int code);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_new")]
    private static partial nint NewCluster(nint client, int brokers);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    private static partial nint Bootstraps(nint cluster);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_set_controller_id")]
    private static partial void SetController(nint cluster, int broker);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_group_initial_rebalance_delay_ms")]
    private static partial void SetRebalanceDelay(nint cluster, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_host_port", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void SetHostPort(nint cluster, int broker, string host, int port);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int TopicCreate(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_rtt")]
    private static partial int SetRoundTrip(nint cluster, int broker, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
    private static partial void PushErrors(nint cluster, short apiKey, nuint count, int[] codes);
}
