using Pipeline.Lakehouse.Delta;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class SchemaRulesTests
{
    private readonly TestTable table = new();

    [Fact]
    public async Task CommitAsync_AppendWithANewColumn_AddsIt()
    {
        await table.CommitAsync(Append("a"));
        var result = await table.CommitAsync(Append("b") with { Schema = Schema(("id", "long"), ("extra", "double"), ("name", "string")) });

        Assert.Equal("id long, name string, extra double", result.Snapshot.Schema.ToString());
        Assert.Equal(result.Snapshot.Schema, (await table.ReadAsync()).Schema);
        Assert.Equal(2, (await table.ReadAsync(0)).Schema.Fields.Count);
    }

    [Fact]
    public async Task CommitAsync_AppendWithoutANullableColumn_LeavesTheSchema()
    {
        await table.CommitAsync(Append("a"));
        var result = await table.CommitAsync(Append("b") with { Schema = Schema(("id", "long")) });
        Assert.Equal("id long, name string", result.Snapshot.Schema.ToString());
    }

    [Fact]
    public async Task CommitAsync_AppendWithAnotherType_NamesTheColumnAndBothTypes()
    {
        await table.CommitAsync(Append("a"));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b") with { Schema = Schema(("id", "string"), ("name", "string")) }));
        Assert.Contains("'id' of the table silver/northwind/orders is long in the table and string in the files", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await table.ReadAsync()).Version);
    }

    [Fact]
    public async Task CommitAsync_AppendWithAnotherSpelling_NamesBoth()
    {
        await table.CommitAsync(Append("a"));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b") with { Schema = Schema(("ID", "long"), ("name", "string")) }));
        Assert.Contains("'id' of the table silver/northwind/orders is spelled 'ID'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_AppendWithANewRequiredColumn_IsRefused()
    {
        await table.CommitAsync(Append("a"));
        var schema = new DeltaSchema { Fields = [.. Append().Schema.Fields, new DeltaField { Name = "extra", Type = new PrimitiveType("long"), Nullable = false }] };
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b") with { Schema = schema }));
        Assert.Contains("'extra'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_AppendThatMayHoldNullsInARequiredColumn_IsRefused()
    {
        var required = new DeltaSchema { Fields = [new DeltaField { Name = "id", Type = new PrimitiveType("long"), Nullable = false }] };
        await table.CommitAsync(Append("a") with { Schema = required });
        await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b") with { Schema = Schema(("id", "long")) }));
        await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b") with { Schema = Schema(("other", "long")) }));
    }

    [Fact]
    public async Task CommitAsync_AppendWithOtherPartitions_NamesBoth()
    {
        await table.CommitAsync(Append("a"));
        var file = File("id=1/b") with { PartitionValues = new Dictionary<string, string?> { ["id"] = "1" } };
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append() with { PartitionColumns = ["id"], Add = [file] }));
        Assert.Contains("partitioned by (), the files to add by (id)", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'id' and 'ID'", "", "id", "ID")]
    [InlineData("'nope'", "nope", "id", "name")]
    [InlineData("no column beside", "id,name", "id", "name")]
    public async Task CommitAsync_NewTableWithBadColumns_IsRefused(string named, string partitions, string first, string second)
    {
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append() with
        {
            Schema = Schema((first, "long"), (second, "string")),
            PartitionColumns = partitions.Split(',', StringSplitOptions.RemoveEmptyEntries),
        }));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_PartitionByADouble_IsRefused() => await Assert.ThrowsAsync<TerminalException>(
        () => table.CommitAsync(Append() with { Schema = Schema(("id", "long"), ("price", "double")), PartitionColumns = ["price"] }));

    [Fact]
    public async Task CommitAsync_NewDescription_ChangesOnlyThat()
    {
        var first = await table.CommitAsync(Append("a") with { Description = "Orders" });
        Assert.Equal("Orders", (await table.CommitAsync(Append("b"))).Snapshot.Description);
        var changed = await table.CommitAsync(Append("c") with { Description = "All orders" });
        Assert.Equal("All orders", changed.Snapshot.Description);
        Assert.Equal(first.Snapshot.TableId, changed.Snapshot.TableId);
    }
}
