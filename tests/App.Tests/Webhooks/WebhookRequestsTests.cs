namespace Pipeline.App.Tests.Webhooks;

public sealed class WebhookRequestsTests(NorthwindApp northwind)
{
    private const string Path = "webhooks/paid/payments";

    private Api Api => northwind.Api;

    [Fact]
    public async Task ReceiveWebhook_SignedTwice_IsOneRowAfterTheNextRun()
    {
        await SignedDelivery.DefineAsync(northwind.App, "paid");
        const string Body = """{"payment": "a", "amount": 12.5}""";

        var first = await Api.SendAsync("POST", Path, Body, SignedDelivery.Headers("m1", Body));
        var again = await Api.SendAsync("POST", Path, Body, SignedDelivery.Headers("m1", Body));
        await Api.RunAsync("paid");

        Assert.Equal((202, "m1", false), (first.Status, first.Body.GetProperty("id").GetString(), first.Body.GetProperty("duplicate").GetBoolean()));
        Assert.Equal((202, true), (again.Status, again.Body.GetProperty("duplicate").GetBoolean()));
        var rows = await Api.PostAsync("mart/sql", new { pipeline = "paid", sql = "select payment, amount from silver.payments" });
        Assert.Equal("""[["a",12.5]]""", rows.Body.GetProperty("rows").GetRawText());
        Assert.Equal(0, (await Api.GetAsync("audit?what=webhook")).Body.GetArrayLength());
    }

    [Fact]
    public async Task ReceiveWebhook_WrongOnes_AreRefusedWithoutTheSecret()
    {
        await SignedDelivery.DefineAsync(northwind.App, "refusing");
        const string To = "webhooks/refusing/payments";

        Api.Answer[] answers =
        [
            await Api.SendAsync("POST", To, "{}"),
            await Api.SendAsync("POST", To, "{}", SignedDelivery.Headers("m1", "{}", secret: "another-0123456789")),
            await Api.SendAsync("POST", To, "{}", SignedDelivery.Headers("m1", "{ }")),
            await Api.SendAsync("POST", To, "{}", SignedDelivery.Headers("m1", "{}", ageSeconds: 400)),
            await Api.SendAsync("POST", "webhooks/refusing/orders", "{}", SignedDelivery.Headers("m1", "{}")),
            await Api.SendAsync("POST", "webhooks/nobody/orders", "{}", SignedDelivery.Headers("m1", "{}")),
            await Api.SendAsync("POST", To, new string(' ', (1 << 20) + 1)),
        ];

        Assert.Equal([401, 401, 401, 401, 404, 404, 413], answers.Select(a => a.Status));
        Assert.All(answers, a => Assert.DoesNotContain(SignedDelivery.Secret, a.Text, StringComparison.Ordinal));
    }
}
