namespace Pipeline.Local;

/// <summary>What the sample's run has made, on one screen.</summary>
internal static class SampleResult
{
    private const string Countries = "select * from gold.top_countries";
    private const string Segments = "select segment, count(*) as customers from gold.customer_rfm group by 1 order by customers desc, segment";

    public static async Task ShowAsync(ApiClient api, Screen screen, RunState run, CancellationToken cancellationToken)
    {
        screen.Heading("Tables");
        Tables([.. (await api.GetTablesAsync(cancellationToken)).Where(table => table.Pipeline == run.Pipeline)]).Write(screen);

        screen.Heading("Metrics");
        new Grid([new("metric"), new("value", IsNumber: true)], [.. run.Metrics.Select(metric => (IReadOnlyList<string>)[metric.Key, Grid.Metric(metric.Value)])]).Write(screen);

        screen.Heading("Top countries");
        Grid.Of(await api.QueryAsync(run.Pipeline, Countries, cancellationToken)).Write(screen);

        screen.Heading("Customers by RFM segment");
        Grid.Of(await api.QueryAsync(run.Pipeline, Segments, cancellationToken)).Write(screen);
        (await ModelResult.ReadAsync(api, run.Pipeline, cancellationToken)).Show(screen);
    }

    /// <summary>Tables in the order in which data flows through the layers.</summary>
    public static Grid Tables(IReadOnlyList<TableState> tables)
    {
        string[] layers = ["bronze", "silver", "rejected", "gold"];
        var ordered = tables.OrderBy(table => Array.IndexOf(layers, table.Layer)).ThenBy(table => table.Table, StringComparer.Ordinal);
        return new Grid(
            [new("layer"), new("table"), new("rows", IsNumber: true), new("version", IsNumber: true), new("KiB", IsNumber: true)],
            [.. ordered.Select(table => (IReadOnlyList<string>)[table.Layer, table.Table, Grid.Number(table.Rows), Grid.Number(table.Version), Grid.Number((table.Bytes + 1023) / 1024)])]);
    }

    public static void ShowNextSteps(Settings settings, Screen screen)
    {
        screen.Heading("Where to look next");
        screen.Line($"  {settings.Api}tables          the tables; more in pipeline.http and {settings.Api}openapi.json");
        screen.Line("  functions/pipelines/northwind/             the pipeline: pipeline.yaml and its SQL");
        screen.Line("  dotnet run --project local -- query \"select country, sum(line_total) from silver.sales group by 1\"");
        screen.Line("  dotnet run --project local -- run northwind        again: nothing has changed, nothing is written");
        screen.Line("  dotnet run --project local -- --help");
        screen.Line();
    }
}
