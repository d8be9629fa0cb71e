using System.Globalization;

namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>Which columns files are found to have.</summary>
public sealed class ColumnTests(MedallionFixture medallion)
{
    [Fact]
    public async Task Detect_Values_GiveTheNarrowestTypeThatLosesNothing()
    {
        var pipeline = await FileReading.AnyFilesAsync(medallion);
        await pipeline.LandAsync(
            "f.csv",
            """
            Id,zip,price,mixed,Ordered On,at,flag,big,text,empty,snowflake,signed
            1,01234,1.5,1,2024-01-31,2024-01-31T10:00:00Z,true,123456789012345678901,x,,1234567890123456789,-5
            2,99999,2.25,2.5,2024-02-29,2024-02-29 11:30:00+02,FALSE,5,1,,2,7

            """);

        await pipeline.SucceedAsync();

        Assert.Equal(
            ["id BIGINT, zip VARCHAR, price DOUBLE, mixed DOUBLE, ordered_on DATE, at TIMESTAMP WITH TIME ZONE, flag BOOLEAN, big VARCHAR, text VARCHAR, empty VARCHAR, snowflake BIGINT, signed BIGINT"],
            [string.Join(", ", (await pipeline.AnswerAsync("select * exclude (_ingested_at, _file, _row, _quality, _tier) from silver.f")).Columns.Select(c => $"{c.Name} {c.Type}"))]);
        Assert.Equal(["1|01234|1.5|1|2024-01-31|true|123456789012345678901|null|1234567890123456789|-5"], await pipeline.QueryAsync("select id, zip, price, mixed, ordered_on, flag, big, empty, snowflake, signed from silver.f where id = 1"));
    }

    [Fact]
    public async Task Detect_MissingValues_DoNotWidenTheType()
    {
        var pipeline = await FileReading.AnyFilesAsync(medallion);
        await pipeline.LandAsync("f.csv", "id,n,day,at\n1,,,\n2,7,2024-01-31,2024-01-31T10:00:00Z\n3,,,\n");

        await pipeline.SucceedAsync();

        Assert.Equal(
            ["id BIGINT", "n BIGINT", "day DATE", "at TIMESTAMP WITH TIME ZONE"],
            (await pipeline.AnswerAsync("select id, n, day, \"at\" from silver.f")).Columns.Select(c => $"{c.Name} {c.Type}"));
    }

    [Fact]
    public async Task Detect_JsonOfSeveralShapes_GivesTheUnionOfColumns()
    {
        var pipeline = await FileReading.AnyFilesAsync(medallion);
        await pipeline.LandAsync("f.ndjson", "{\"id\":1,\"at\":{\"city\":\"Bern\"}}\n{\"id\":2,\"tags\":[1,\"x\"]}\n{\"id\":3,\"at\":null,\"a/b~c\":true}\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["1|{\"city\":\"Bern\"}|null|null", "2|null|[1,\"x\"]|null", "3|null|null|true"], await pipeline.QueryAsync("select id, \"at\", tags, a_b_c from silver.f order by id"));
    }

    [Fact]
    public async Task Detect_LaterFileThatDoesNotFit_GivesRejectedRows()
    {
        var pipeline = await FileReading.AnyFilesAsync(medallion);
        await pipeline.LandAsync("f1.csv", "id,n\n1,5\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("f2.csv", "id,n,extra\n2,six,new\n3,7,new\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["1|5|null", "3|7|new"], await pipeline.QueryAsync("select id, n, extra from silver.f order by id"));
        Assert.Equal(["1|n-type:n:six"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Detect_AfterTheContractWasDropped_ReadsTheFilesAnew()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("f.csv", "a,b\n1,2\n");
        await pipeline.SucceedAsync();
        await pipeline.DefineAsync("sources:\n  f:\n    connector: file\n    path: $/*\n");

        await pipeline.SucceedAsync();

        Assert.Equal("BIGINT", await pipeline.ScalarAsync("select typeof(b) from silver.f"));
    }

    [Fact]
    public async Task Detect_OddNames_BecomeNamesThatTablesHold()
    {
        var pipeline = await FileReading.AnyFilesAsync(medallion);
        await pipeline.LandAsync("f.csv", "Order ID,order.id,\"a \"\"quoted\"\" one\",ID,id,Id,_file,_row,_valid,Größe,1st,\"x,y\",a=b\n1,2,3,4,5,6,7,8,9,10,11,12,13\n");

        var report = await pipeline.SucceedAsync();

        var row = await pipeline.AnswerAsync("select * exclude (_ingested_at, _file, _row, _quality, _tier) from silver.f");
        Assert.Equal(Enumerable.Range(1, 13).Select(i => i.ToString(CultureInfo.InvariantCulture)), row.Rows.Single().Select(v => v?.ToString() ?? ""));
        Assert.Equal(13, row.Columns.Select(c => c.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(row.Columns, c => Assert.Matches("^[a-z][a-z0-9_]*$", c.Name));
        Assert.Equal("order_id", row.Columns[0].Name);
        Assert.Equal($"{pipeline.Name}/f.csv", await pipeline.ScalarAsync("select _file from silver.f"));
        await pipeline.BalancedAsync(report);
    }

    [Fact]
    public async Task Run_NamesThatDifferInCase_AreOneColumnAcrossFiles()
    {
        var pipeline = await FileReading.TwoColumnsAsync(medallion);
        await pipeline.LandAsync("f1.csv", "A,B\n1,x\n");
        await pipeline.LandAsync("f2.csv", "b,a\ny,2\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("f3.csv", "a,b\n3,z\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["1|x", "2|y", "3|z"], await pipeline.QueryAsync("select a, b from silver.f order by a"));
    }

    [Fact]
    public async Task Run_HundredColumns_AreAllKept()
    {
        var pipeline = await FileReading.AnyFilesAsync(medallion);
        var columns = Enumerable.Range(0, 100).ToList();
        await pipeline.LandAsync("f.csv", $"{string.Join(',', columns.Select(c => $"c{c}"))}\n{string.Join(',', columns)}\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["0|50|99"], await pipeline.QueryAsync("select c0, c50, c99 from silver.f"));
    }

    [Fact]
    public async Task Run_DeclaredColumnThatNoFileHas_IsNull()
    {
        var pipeline = await FileReading.AnyFilesAsync(medallion, "    columns:\n      a: {type: bigint}\n      missing: {from: Nowhere, type: date}\n      made: {expr: \"upper(Nothing)\", type: varchar}\n");
        await pipeline.LandAsync("f.csv", "a\n1\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["1|null|null"], await pipeline.QueryAsync("select a, missing, made from silver.f"));
    }
}
