namespace Pipeline.App.Tests.Schemas;

/// <summary>The registry with a client as users have it: <c>@kafkajs/confluent-schema-registry</c>.</summary>
public sealed class RegistryClientTests(NorthwindApp northwind)
{
    [Fact]
    public async Task Client_RegisterReadAndCheck_WorksAsWithConfluents()
    {
        const string Subject = "client/orders-value";
        var found = await Node.RunAsync("Schemas/client/round-trip.mjs", new Uri(northwind.App.Root, "registry").ToString(), Subject);

        var ids = found.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToList();
        Assert.Equal(ids[0], ids[1]);
        Assert.NotEqual(ids[0], ids[2]);
        Assert.Equal(409, found.GetProperty("refused").GetProperty("status").GetInt32());
        Assert.Contains("TYPE_CHANGED at #/properties/a", found.GetProperty("refused").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(ids[2], found.GetProperty("latest").GetInt32());
        Assert.Equal(ids[0], found.GetProperty("ofVersion").GetInt32());
        Assert.Equal(ids[0], found.GetProperty("ofSchema").GetInt32());
        Assert.Equal("""{"id":1,"a":1.5}""", found.GetProperty("decoded").GetRawText());
        Assert.True(found.GetProperty("compatible").GetProperty("is_compatible").GetBoolean());
        Assert.False(found.GetProperty("incompatible").GetProperty("is_compatible").GetBoolean());
    }
}
