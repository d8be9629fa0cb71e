using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.Webhook;

namespace Pipeline.Medallion.Tests.Sources.Webhook;

public sealed class WebhookSignatureTests
{
    // The example of the Standard Webhooks specification.
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Body = """{"test": 2432232314}""";
    private const string Signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private const string StripeSecret = "whsec_0123456789abcdef";
    private static readonly DateTimeOffset Signed = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    [Theory]
    [InlineData(Signature)]
    [InlineData("v1,AAAA " + Signature)]
    [InlineData("v1a,g0hM9SsE " + Signature + " v1,?")]
    public void Require_StandardExample_GivesItsId(string signatures) => Assert.Equal(Id, Require(signatures, Signed));

    [Theory]
    [InlineData(-300)]
    [InlineData(300)]
    public void Require_AtTheEdgeOfItsTolerance_Passes(int seconds) => Assert.Equal(Id, Require(Signature, Signed.AddSeconds(seconds)));

    [Theory]
    [InlineData(301, "was signed 301 s ago, and 300 s are allowed")]
    [InlineData(-301, "was signed 301 s from now, and 300 s are allowed")]
    public void Require_OldOrEarly_IsRefused(int seconds, string expected) =>
        Assert.Contains(expected, Assert.Throws<SignatureException>(() => Require(Signature, Signed.AddSeconds(seconds))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("", "1614265330", "msg_p5jXN8AQM9LWM0D4loKWxJek", "is not signed")]
    [InlineData(Signature, "", "msg_p5jXN8AQM9LWM0D4loKWxJek", "is not signed")]
    [InlineData(Signature, "1614265330", "", "is not signed")]
    [InlineData(Signature, "-1", "msg_p5jXN8AQM9LWM0D4loKWxJek", "not a number of seconds")]
    [InlineData(Signature, "99999999999999", "msg_p5jXN8AQM9LWM0D4loKWxJek", "not a number of seconds")]
    [InlineData(Signature, "1614265331", "msg_p5jXN8AQM9LWM0D4loKWxJek", "is not that of its content")]
    [InlineData(Signature, "1614265330", "msg_other", "is not that of its content")]
    [InlineData("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "1614265330", "msg_p5jXN8AQM9LWM0D4loKWxJek", "is not that of its content")]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "1614265330", "msg_p5jXN8AQM9LWM0D4loKWxJek", "is not that of its content")]
    public void Require_NotSignedLikeThat_IsRefusedWithoutTheSecretOrTheSignature(string signature, string time, string id, string expected)
    {
        var error = Assert.Throws<SignatureException>(() => Require(signature, Signed, time: time, id: id));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret[6..], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("g0hM9SsE", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_OneByteChanged_IsRefused() => Assert.Throws<SignatureException>(() => Require(Signature, Signed, body: Body + " "));

    [Fact]
    public void Require_SecretBeingExchanged_TakesTheOldOneAndTheNewOne()
    {
        Assert.Equal(Id, Require(Signature, Signed, settings: $"Secret=whsec_{Convert.ToBase64String(new byte[24])};Previous={Secret}"));
        Assert.Equal(Id, Require(Signature, Signed, settings: $"Secret={Secret};Previous=whsec_{Convert.ToBase64String(new byte[24])}"));
    }

    [Theory]
    [InlineData("Secret=")]
    [InlineData("Secret=whsec_c2hvcnQ=")]
    [InlineData("Secret=whsec_not-base-64-at-all-but-long-enough")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public void Require_SettingWithoutAUsableSecret_IsTerminalAndSaysWhatIsExpected(string settings)
    {
        var error = Assert.Throws<TerminalException>(() => Require(Signature, Signed, settings: settings));

        Assert.StartsWith("The setting Connections__hooks has no secret that a webhook can be signed with: expected Secret=", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2hvcnQ=", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("MfKQ9", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_Stripe_KnowsItsHeaderAndHasNoIdOfItsOwn()
    {
        var time = Signed.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(StripeSecret), Encoding.UTF8.GetBytes($"{time}.{Body}")));

        Assert.Null(RequireStripe($"t={time},v1={new string('0', 64)},v1={signature},v0=1"));
        Assert.Throws<SignatureException>(() => RequireStripe($"t={time},v0={signature}"));
        Assert.Throws<SignatureException>(() => RequireStripe($"t={time}1,v1={signature}"));
        Assert.Throws<SignatureException>(() => RequireStripe($"t={time},v1=xyz"));
        Assert.Contains("Stripe-Signature", Assert.Throws<SignatureException>(() => RequireStripe($"v1={signature}")).Message, StringComparison.Ordinal);
    }

    private static string? Require(string signature, DateTimeOffset now, string time = "1614265330", string id = Id, string body = Body, string settings = $"Secret={Secret}") =>
        new WebhookSignature(new WebhookDefinition { Connection = "hooks" }, settings).Require(
            name => name switch { "webhook-id" => id, "webhook-timestamp" => time, "webhook-signature" => signature, _ => "" }, Encoding.UTF8.GetBytes(body), now);

    private static string? RequireStripe(string header) =>
        new WebhookSignature(new WebhookDefinition { Connection = "hooks", Scheme = WebhookScheme.Stripe }, $"Secret={StripeSecret}").Require(
            name => name == "Stripe-Signature" ? header : "", Encoding.UTF8.GetBytes(Body), Signed);
}
