using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.DuckDb.Lineage;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Lineage;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Lineage;

public sealed class LineageReaderTests(MedallionFixture medallion)
{
    private static readonly Dictionary<string, string> Northwind = new()
    {
        ["silver.sales"] = """
            order_id <- silver.orders.order_id
            product_id <- silver.order_details.product_id
            order_date <- silver.orders.order_date
            customer_id <- silver.orders.customer_id
            customer_name <- silver.customers.company_name
            country <- silver.customers.country
            city <- silver.customers.city
            product_name <- silver.products.product_name
            supplier_id <- silver.products.supplier_id
            category_name <- silver.categories.category_name
            unit_price <- silver.order_details.unit_price
            quantity <- silver.order_details.quantity
            discount <- silver.order_details.discount
            line_total <- silver.order_details.discount transformation, silver.order_details.quantity transformation, silver.order_details.unit_price transformation
            rows <- silver.categories.category_id join, silver.customers.customer_id join, silver.order_details.order_id join, silver.order_details.product_id join, silver.order_details.product_id sort, silver.orders.customer_id join, silver.orders.order_id join, silver.orders.order_id sort, silver.products.category_id join, silver.products.product_id join
            """,
        ["gold.revenue_by_country"] = """
            country <- silver.sales.country
            revenue <- silver.sales.line_total aggregation
            orders <- silver.sales.order_id aggregation
            customers <- silver.sales.customer_id aggregation
            rows <- silver.sales.country groupBy, silver.sales.country sort, silver.sales.line_total sort
            """,
        ["gold.revenue_by_category"] = """
            category_name <- silver.sales.category_name
            revenue <- silver.sales.line_total aggregation
            units <- silver.sales.quantity aggregation
            orders <- silver.sales.order_id aggregation
            rows <- silver.sales.category_name groupBy, silver.sales.category_name sort, silver.sales.line_total sort
            """,
        ["gold.revenue_by_customer"] = """
            customer_id <- silver.sales.customer_id
            customer_name <- silver.sales.customer_name aggregation
            country <- silver.sales.country aggregation
            revenue <- silver.sales.line_total aggregation
            orders <- silver.sales.order_id aggregation
            rows <- silver.sales.customer_id groupBy, silver.sales.customer_id sort, silver.sales.line_total sort
            """,
        ["gold.revenue_by_month"] = """
            month <- silver.sales.order_date transformation
            revenue <- silver.sales.line_total aggregation
            orders <- silver.sales.order_id aggregation
            rows <- silver.sales.order_date groupBy, silver.sales.order_date sort
            """,
        ["gold.top_countries"] = """
            rank <- gold.revenue_by_country.country window, gold.revenue_by_country.revenue window
            country <- gold.revenue_by_country.country
            revenue <- gold.revenue_by_country.revenue
            orders <- gold.revenue_by_country.orders
            rows <- gold.revenue_by_country.country filter, gold.revenue_by_country.country sort, gold.revenue_by_country.revenue filter, gold.revenue_by_country.revenue sort
            """,
        ["gold.customer_rfm"] = """
            customer_id <- silver.sales.customer_id
            customer_name <- silver.sales.customer_name aggregation
            last_order_date <- silver.sales.order_date aggregation
            recency_days <- silver.sales.order_date aggregation
            frequency <- silver.sales.order_id aggregation
            monetary <- silver.sales.line_total aggregation
            recency_score <- silver.sales.customer_id window, silver.sales.order_date window
            frequency_score <- silver.sales.customer_id window, silver.sales.order_id window
            monetary_score <- silver.sales.customer_id window, silver.sales.line_total window
            segment <- silver.sales.customer_id conditional, silver.sales.line_total conditional, silver.sales.order_date conditional, silver.sales.order_id conditional
            vip <- silver.sales.customer_id window, silver.sales.line_total window, silver.sales.order_date window, silver.sales.order_id window
            rows <- silver.sales.customer_id groupBy, silver.sales.customer_id sort, silver.sales.line_total sort
            """,
        ["gold.customer_clusters"] = """
            customer_id <- gold.customer_rfm.customer_id
            cluster <- gold.customer_rfm.frequency transformation, gold.customer_rfm.monetary transformation, gold.customer_rfm.recency_days transformation
            distance <- gold.customer_rfm.frequency transformation, gold.customer_rfm.monetary transformation, gold.customer_rfm.recency_days transformation
            anomaly_score <- gold.customer_rfm.frequency transformation, gold.customer_rfm.monetary transformation, gold.customer_rfm.recency_days transformation
            anomaly <- gold.customer_rfm.frequency transformation, gold.customer_rfm.monetary transformation, gold.customer_rfm.recency_days transformation
            rows <-
            """,
        ["gold.customer_centroids"] = """
            cluster <- gold.customer_clusters.cluster
            size <-
            recency_days <- gold.customer_rfm.recency_days aggregation
            frequency <- gold.customer_rfm.frequency aggregation
            monetary <- gold.customer_rfm.monetary aggregation
            rows <- gold.customer_clusters.cluster groupBy, gold.customer_clusters.customer_id join, gold.customer_rfm.customer_id join
            """,
        ["gold.revenue_forecast"] = """
            time <- silver.sales.order_date transformation
            kind <-
            value <- silver.sales.line_total aggregation
            low <- silver.sales.line_total aggregation
            high <- silver.sales.line_total aggregation
            rows <- silver.sales.order_date groupBy
            """,
        ["silver.shippers"] = """
            shipper_id <- bronze.shippers.Id transformation
            company_name <- bronze.shippers.CompanyName transformation
            phone <- bronze.shippers.Phone transformation
            _ingested_at <- bronze.shippers._ingested_at
            _file <- bronze.shippers._file
            _row <- bronze.shippers._row
            _quality <-
            _tier <-
            rows <- bronze.shippers.CompanyName filter, bronze.shippers.Id filter, bronze.shippers._error filter, bronze.shippers._file filter, bronze.shippers._ingested_at filter, bronze.shippers._row filter
            """,
    };

    private LineageReader Reader => medallion.Floor.GetRequiredService<LineageReader>();

    [Fact]
    public async Task Read_Northwind_FollowsEveryModelAndSource()
    {
        var pipeline = await medallion.Floor.GetRequiredService<DefinitionStore>().LoadAsync("northwind", TestContext.Current.CancellationToken);

        var lineage = Reader.Read(pipeline, new Dictionary<TableKey, DeltaSnapshot>());

        foreach (var (table, expected) in Northwind)
        {
            Assert.Equal(expected, Show(lineage, table));
        }

        Assert.Equal(pipeline.Steps.Where(s => s.Kind is StepKind.Model or StepKind.Learn).Select(s => s.Table.ToString()).Append("silver.shippers").Order(StringComparer.Ordinal), Northwind.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["silver.categories", "silver.customers", "silver.order_details", "silver.orders", "silver.products"], lineage.Upstream(TableKey.Parse("silver.sales")).Select(t => t.ToString()));
        Assert.Equal(["silver.orders", "rejected.orders"], lineage.Downstream(TableKey.Parse("bronze.orders")).Select(t => t.ToString()));
        Assert.Equal("landing/northwind/orders*.json", lineage.SourceOf(TableKey.Parse("bronze.orders")));
    }

    [Fact]
    public async Task Read_PredictionsAndAnomalies_AreFollowed()
    {
        var shop = await TestPipeline.CreateAsync(medallion, """
            sources: {orders: {connector: file, path: $/*.csv, columns: {id: {type: bigint}, day: {type: date}, weight: {type: double}, country: {type: varchar}, cost: {type: double}}}}
            metrics: {total: {from: silver.orders, expr: sum(cost)}}
            predictions: {cost: {from: silver.orders, where: {column: country, op: ne, value: xx}, key: [id], time: day, target: cost, features: {weight: {}, country: {encode: oneHot}}}}
            anomalies: {total: {metric: total, time: day}}
            """);

        var lineage = Reader.Read(await medallion.Floor.GetRequiredService<DefinitionStore>().LoadAsync(shop.Name, TestContext.Current.CancellationToken), new Dictionary<TableKey, DeltaSnapshot>());

        Assert.Equal(
            """
            id <- silver.orders.id
            day <- silver.orders.day
            actual <- silver.orders.cost transformation
            predicted <- silver.orders.country transformation, silver.orders.weight transformation
            residual <- silver.orders.cost transformation, silver.orders.country transformation, silver.orders.weight transformation
            part <- silver.orders.cost conditional, silver.orders.day conditional
            rows <- silver.orders.country filter
            """,
            Show(lineage, "gold.cost_predictions"));
        Assert.Equal(
            """
            feature <- gold.cost_predictions.part
            coefficient <- gold.cost_predictions.actual aggregation, gold.cost_predictions.predicted aggregation
            rows <- gold.cost_predictions.part groupBy
            """,
            Show(lineage, "gold.cost_coefficients"));
        Assert.Equal(
            """
            time <- silver.orders.day transformation
            value <- silver.orders.cost aggregation
            expected <- silver.orders.cost aggregation
            score <- silver.orders.cost aggregation
            anomaly <- silver.orders.cost aggregation
            rows <- silver.orders.day groupBy
            """,
            Show(lineage, "gold.total_anomalies"));
    }

    [Fact]
    public async Task Read_SourceWithContract_FollowsToWhatArrived()
    {
        var shop = await TestPipeline.CreateAsync(medallion, """
            sources:
              orders:
                connector: file
                path: $/*.csv
                key: [id]
                latest_by: at
                partition: {by: at, as: [year]}
                columns:
                  id: {from: Order Id, type: varchar}
                  at: {type: date, format: "%d/%m/%Y"}
                  kind: {type: varchar, default: none}
                  note: {type: varchar}
                  total: {expr: "try_cast(Price as decimal(18,2)) * Amount::int", type: "decimal(18,2)"}
                  missing: {type: varchar}
                rules:
                  - {id: later, expect: "total > 0 or note is not null"}
                  - {id: only-warns, expect: "kind <> 'x'", otherwise: warn}
            """);
        await shop.LandAsync("a.csv", "Order Id,at,kind,note,Price,Amount\na1,31/12/2024,b,c,2.50,3\n");
        await shop.SucceedAsync();

        var lineage = await LineageOfAsync(shop);

        Assert.Equal(
            """
            id <- bronze.orders.Order_Id
            at <- bronze.orders.at transformation
            kind <- bronze.orders.kind transformation
            note <- bronze.orders.note
            total <- bronze.orders.Amount transformation, bronze.orders.Price transformation
            missing <-
            year <- bronze.orders.at transformation
            _ingested_at <- bronze.orders._ingested_at
            _file <- bronze.orders._file
            _row <- bronze.orders._row
            _quality <- bronze.orders.kind transformation
            _tier <- bronze.orders.kind transformation
            rows <- bronze.orders.Amount filter, bronze.orders.Order_Id filter, bronze.orders.Price filter, bronze.orders._error filter, bronze.orders._file filter, bronze.orders._ingested_at filter, bronze.orders._row filter, bronze.orders.at filter, bronze.orders.note filter
            """,
            Show(lineage, "silver.orders"));
        Assert.Equal(
            """
            rejected_at <-
            run_id <-
            source <-
            file <- bronze.orders._file
            row <- bronze.orders._row
            raw <- bronze.orders.Amount transformation, bronze.orders.Order_Id transformation, bronze.orders.Price transformation, bronze.orders._error conditional, bronze.orders._raw transformation, bronze.orders.at transformation, bronze.orders.kind transformation, bronze.orders.note transformation
            failures <- bronze.orders.Amount transformation, bronze.orders.Order_Id transformation, bronze.orders.Price transformation, bronze.orders._error transformation, bronze.orders.at transformation, bronze.orders.note transformation
            rows <- bronze.orders.Amount filter, bronze.orders.Order_Id filter, bronze.orders.Price filter, bronze.orders._error filter, bronze.orders.at filter, bronze.orders.note filter
            """,
            Show(lineage, "rejected.orders"));
    }

    [Fact]
    public async Task Read_SourceThatModelsScore_FollowsWhatTheyLookAt()
    {
        var shop = await TestPipeline.CreateAsync(medallion, """
            sources: {f: {connector: file, path: $/*.csv, columns: {id: {type: bigint}, x: {type: double}, y: {type: double}}, score: [load]}}
            clusters: {load: {from: silver.f, key: [id], features: {x: , y: }}}
            """);

        var lines = Show(await LineageOfAsync(shop), "silver.f").Split('\n').Where(l => l.StartsWith("load_", StringComparison.Ordinal));

        Assert.Equal(
            new[] { "cluster", "distance", "anomaly_score", "anomaly" }.Select(column => $"load_{column} <- bronze.f.x transformation, bronze.f.y transformation"),
            lines);
    }

    [Fact]
    public async Task Read_SourceWithoutContract_KnowsItsColumnsFromBronze()
    {
        const string Yaml = "sources: {items: {connector: file, path: $/*.csv}, more: {connector: file, path: $/more/*.csv}}";
        var shop = await TestPipeline.CreateAsync(medallion, Yaml, ("gold.m", "select i.item_name, sum(price) as total, max(w) as w from silver.items i join silver.more on id = item_id group by all"));

        var before = Show(await LineageOfAsync(shop), "gold.m");
        await shop.LandAsync("a.csv", "id,Item Name,price\n1,one,2.5\n");
        await shop.LandAsync("more/a.csv", "item_id,w\n1,2\n");
        await shop.SucceedAsync();

        Assert.Equal("item_name <- silver.items.item_name\ntotal <- ?\nw <- ?\nrows <- silver.items.item_name groupBy ?", before);
        Assert.Equal(
            "item_name <- silver.items.item_name\ntotal <- silver.items.price aggregation\nw <- silver.more.w aggregation\nrows <- silver.items.id join, silver.items.item_name groupBy, silver.more.item_id join",
            Show(await LineageOfAsync(shop), "gold.m"));
    }

    [Fact]
    public async Task Read_SameDefinition_IsKept()
    {
        var pipeline = await medallion.Floor.GetRequiredService<DefinitionStore>().LoadAsync("northwind", TestContext.Current.CancellationToken);

        Assert.Same(Reader.Read(pipeline, new Dictionary<TableKey, DeltaSnapshot>()), Reader.Read(pipeline, new Dictionary<TableKey, DeltaSnapshot>()));
    }

    private async Task<PipelineLineage> LineageOfAsync(TestPipeline pipeline)
    {
        var compiled = await medallion.Floor.GetRequiredService<DefinitionStore>().LoadAsync(pipeline.Name, TestContext.Current.CancellationToken);
        var bronze = new Dictionary<TableKey, DeltaSnapshot>();
        foreach (var table in compiled.Definition.Sources.Select(s => new TableKey("bronze", s.Name)))
        {
            if (await medallion.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, table).ReadAsync(null, TestContext.Current.CancellationToken) is { } snapshot)
            {
                bronze[table] = snapshot;
            }
        }

        return Reader.Read(compiled, bronze);
    }

    private static string Show(PipelineLineage lineage, string table)
    {
        var found = lineage.Tables[TableKey.Parse(table)];
        return string.Join('\n', found.Columns.Select(c => Line(c.Column, c.From, c.IsComplete)).Append(Line("rows", found.Rows, found.AreRowsComplete)));
    }

    private static string Line(string name, IReadOnlyList<ColumnSource> from, bool isComplete) =>
        $"{name} <- {string.Join(", ", from.Select(f => $"{f.Table}.{f.Column}" + (f.Use == ColumnUse.Identity ? "" : $" {char.ToLowerInvariant(f.Use.ToString()[0])}{f.Use.ToString()[1..]}")))}{(isComplete ? "" : " ?")}".Replace("  ", " ", StringComparison.Ordinal).TrimEnd();
}
