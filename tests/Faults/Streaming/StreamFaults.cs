using Pipeline.Faults.Storage;
using Pipeline.Faults.Streaming.Kinds;

namespace Pipeline.Faults.Streaming;

/// <summary>All kinds of faults, in the order of the table. Each call gives new ones: what they remember is of one sandbox.</summary>
internal static class StreamFaults
{
    public static IReadOnlyList<StreamFault> All => [new KillFault(), .. Answers(), StorageFault.Reset(), new RepeatFault(), new MoveFault(), new BrokerFault(), StorageFault.Slow(), new StopFault()];

    /// <summary>The same, with what storage answers as one kind.</summary>
    public static IReadOnlyList<StreamFault> Few =>
        [new KillFault(), new MixedFault("answers", "storage answers 409, 412, 429, 500, 503, or not in time", Answers()), StorageFault.Reset(), new RepeatFault(), new MoveFault(), new BrokerFault(), StorageFault.Slow(), new StopFault()];

    private static StreamFault[] Answers() =>
    [
        StorageFault.Answer("409", Fault.Occupied, request => request.IfAbsent),
        StorageFault.Answer("412", Fault.Changed, request => request.IfUnchanged || request.Target.EndsWith("/$batch", StringComparison.Ordinal)),
        StorageFault.Answer("429", Fault.Throttled, _ => true),
        StorageFault.Answer("500", Fault.Broken, _ => true),
        StorageFault.Answer("503", Fault.Busy, _ => true),
        StorageFault.TimeOut(),
    ];
}
