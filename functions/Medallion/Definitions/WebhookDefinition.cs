namespace Pipeline.Medallion.Definitions;

/// <summary>How deliveries that others send are taken.</summary>
public sealed record WebhookDefinition
{
    /// <summary>How old or how far ahead the time of a delivery may be, where the definition does not say.</summary>
    public static TimeSpan DefaultTolerance { get; } = TimeSpan.FromMinutes(5);

    /// <summary>How many bytes a delivery may have.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The name of the setting (<c>Connections__NAME</c>) with the secret that deliveries are signed with.</summary>
    public required string Connection { get; init; }

    /// <summary>How they are signed.</summary>
    public WebhookScheme Scheme { get; init; }

    /// <summary>How old or how far ahead the time of a delivery may be.</summary>
    public TimeSpan Tolerance { get; init; } = DefaultTolerance;
}

/// <summary>Where a delivery has its signature, its time and its id.</summary>
public enum WebhookScheme
{
    /// <summary>Standard Webhooks: the headers <c>webhook-id</c>, <c>webhook-timestamp</c> and <c>webhook-signature</c>.</summary>
    Standard,

    /// <summary>As Stripe signs: the header <c>Stripe-Signature</c>; the id is the body's <c>id</c>.</summary>
    Stripe,
}
