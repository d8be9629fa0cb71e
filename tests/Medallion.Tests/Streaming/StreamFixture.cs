using Pipeline.Medallion.Tests.Streaming;

[assembly: AssemblyFixture(typeof(StreamFixture))]

namespace Pipeline.Medallion.Tests.Streaming;

/// <summary>A storage of their own for the tests of streams: an instance that takes events reads all definitions, and other tests make hundreds of them.</summary>
public sealed class StreamFixture : MedallionFixture;
