namespace Pipeline.Local.Emulators;

/// <summary>What the broker's control endpoint answers.</summary>
public sealed record BrokerStatus(string BootstrapServers, bool Up, IReadOnlyList<BrokerTopic> Topics);

public sealed record BrokerTopic(string Name, int Partitions);
