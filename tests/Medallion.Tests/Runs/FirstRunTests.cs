using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Runs;

public sealed class FirstRunTests(MedallionFixture medallion)
{
    [Fact]
    public async Task Run_OneSourceOneModel_GivesTablesRecordsAndMetrics()
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion,
            """
            sources:
              orders:
                connector: file
                path: $/orders*.csv
                key: [id]
                columns:
                  id: {type: bigint, required: true}
                  amount: {type: "decimal(18,4)", min: 0}
            metrics:
              total: {from: gold.totals, expr: "sum(total)"}
            """,
            ("gold.totals", "select sum(amount)::decimal(18,4) as total, count(*) as orders from silver.orders"));
        await pipeline.LandAsync("orders-1.csv", "id,amount\n1,2.50\n2,-1\n3,4\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["bronze.orders", "silver.orders", "gold.totals"], report.Built);
        Assert.Equal((3, 2, 1), (report["silver.orders"].RowsIn, report["silver.orders"].RowsOut, report["silver.orders"].RowsRejected));
        Assert.Equal(["6.5000|2"], await pipeline.QueryAsync("select * from gold.totals"));
        Assert.Equal(["2|amount-range:amount:-1"], await pipeline.RejectedAsync("orders"));
        Assert.Equal(6.5m, report.Run.Metrics["total"]);
        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
    }
}
