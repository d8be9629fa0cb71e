namespace Pipeline.Medallion.Definitions;

/// <content>Sources that others send deliveries to.</content>
internal sealed partial class DefinitionReader
{
    private static readonly TimeSpan LongestTolerance = TimeSpan.FromHours(1);

    private static WebhookDefinition? ReadWebhook(YamlMap map, string name, string connector)
    {
        if (connector != PipelineKeys.WebhookConnector)
        {
            if (map.Has("webhook"))
            {
                map.ProblemAt("webhook", $"source '{name}' has 'webhook', which is for the connector {PipelineKeys.WebhookConnector}");
            }

            return null;
        }

        foreach (var key in PipelineKeys.Files.Where(map.Has))
        {
            map.ProblemAt(key, $"source '{name}' has '{key}', which is for files: each delivery of a webhook is JSON, and taken once");
        }

        var settings = map.Map("webhook", "'webhook'");
        settings?.AllowOnly(PipelineKeys.Webhook);
        var tolerance = settings?.Text("tolerance") is { } text ? ReadSpan(settings, "tolerance", text) : null;
        if (tolerance is { } span && (span <= TimeSpan.Zero || span > LongestTolerance))
        {
            settings?.ProblemAt("tolerance", $"the tolerance of source '{name}' is '{settings.Text("tolerance")}': expected up to {LongestTolerance.TotalHours:0}h, for as long can a delivery that somebody has overheard be sent again");
        }

        return new WebhookDefinition
        {
            Connection = ReadConnection(map, name),
            Scheme = settings?.Choice("scheme", WebhookScheme.Standard) ?? WebhookScheme.Standard,
            Tolerance = tolerance ?? WebhookDefinition.DefaultTolerance,
        };
    }
}
