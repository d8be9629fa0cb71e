using System.Runtime.Serialization;
using Azure;
using Azure.Data.Tables;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Tables;

public sealed class TablePropertyTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TableClient table = new(azurite.ConnectionString, $"t{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync() => await table.CreateAsync();

    public async ValueTask DisposeAsync() => await table.DeleteAsync();

    public static TheoryData<object, object> Values { get; } = new()
    {
        { "text 'ü' \"x\" \n", "text 'ü' \"x\" \n" },
        { "", "" },
        { "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z" },
        { true, true },
        { int.MinValue, int.MinValue },
        { long.MaxValue, long.MaxValue },
        { 1L, 1L },
        { 0.1, 0.1 },
        { 3.0, 3.0 },
        { -1e300, -1e300 },
        { double.NaN, double.NaN },
        { double.NegativeInfinity, double.NegativeInfinity },
        { Guid.Parse("2f4c2a1e-0c5d-4b52-9f0e-0c1d2e3f4a5b"), Guid.Parse("2f4c2a1e-0c5d-4b52-9f0e-0c1d2e3f4a5b") },
        { new byte[] { 0, 1, 255 }, new byte[] { 0, 1, 255 } },
        { new DateTimeOffset(2024, 2, 29, 23, 59, 59, 123, TimeSpan.FromHours(2)).AddTicks(4567), new DateTimeOffset(2024, 2, 29, 21, 59, 59, 123, TimeSpan.Zero).AddTicks(4567) },
        { new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc), new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.Zero) },
    };

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public async Task GetEntityAsync_AnyType_KeepsValueAndType(object value, object expected)
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["Value"] = value });

        Assert.Equal(expected, (await table.GetEntityAsync<TableEntity>("p", "r")).Value["Value"]);
        Assert.Equal(expected, (await table.QueryAsync<TableEntity>().SingleAsync())["Value"]);
    }

    [Fact]
    public async Task GetEntityAsync_TypedEntity_FillsItsProperties()
    {
        var run = new Run
        {
            PartitionKey = "p", RowKey = "r", State = State.Done, Rows = 5_000_000_000, Attempt = 3, Share = 1, Started = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc), Payload = new BinaryData("x"u8.ToArray()),
            Renamed = "n", Ignored = "never stored",
        };
        await table.AddEntityAsync(run);

        var read = (await table.GetEntityAsync<Run>("p", "r")).Value;

        Assert.Equal((State.Done, 5_000_000_000, 3, 1.0, run.Started, "n"), (read.State, read.Rows, read.Attempt, read.Share, read.Started, read.Renamed));
        Assert.Equal(run.Payload.ToArray(), read.Payload!.ToArray());
        Assert.Null(read.Ended);
        Assert.Null(read.Ignored);
        Assert.NotEqual(default, read.ETag);
        Assert.True(read.Timestamp > new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var raw = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal(("Done", "n"), (raw.GetString("State"), raw.GetString("other")));
        Assert.False(raw.ContainsKey("Ended"));
    }

    [Fact]
    public void Indexer_OtherType_KeepsTheTypeOrThrows()
    {
        var entity = new TableEntity { ["Long"] = 1L, ["Text"] = "x" };
        entity["Long"] = 2;

        Assert.Equal(2L, entity["Long"]);
        Assert.Throws<InvalidOperationException>(() => entity["Text"] = 1);
        Assert.Throws<InvalidOperationException>(() => entity.GetInt32("Long"));
        Assert.Null(entity.GetInt64("Absent"));
    }

    [Fact]
    public async Task AddEntityAsync_UnsupportedType_ThrowsBeforeSending() =>
        await Assert.ThrowsAsync<NotSupportedException>(() => table.AddEntityAsync(new TableEntity("p", "r") { ["Value"] = 1m }));

    private enum State
    {
        Running,
        Done,
    }

    private sealed class Run : ITableEntity
    {
        public string PartitionKey { get; set; } = "";

        public string RowKey { get; set; } = "";

        public DateTimeOffset? Timestamp { get; set; }

        public ETag ETag { get; set; }

        public State State { get; set; }

        public long Rows { get; set; }

        public int? Attempt { get; set; }

        public double Share { get; set; }

        public DateTime Started { get; set; }

        public DateTimeOffset? Ended { get; set; }

        public BinaryData? Payload { get; set; }

        [DataMember(Name = "other")]
        public string? Renamed { get; set; }

        [IgnoreDataMember]
        public string? Ignored { get; set; }
    }
}
