using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Sources.Database;

[Collection(PostgresTests.Name)]
public sealed class SqlConnectionTests(MedallionFixture medallion, PostgresFixture postgres)
{
    private const string Secret = PostgresFixture.Password;

    private const string Yaml = """
        sources:
          orders: {connector: sql, connection: shop, table: @.orders, cursor: id, key: [id]}
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ConnectionCutWhileRowsAreRead_IsTransientAndTheRepeatIsExact()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int, label text); insert into orders select i, repeat('x', 100) from generate_series(1, 20000) i");
        var pipeline = await shop.PipelineAsync(Yaml);
        await using var proxy = new CuttingProxy(postgres.Port);
        var floor = shop.Compose(new SqlOptions { BatchBytes = 64 * 1024 }, PostgresFixture.ConnectionStringFor(proxy.Port) + ";Pooling=false");
        var plan = await floor.GetRequiredService<PipelineSteps>().PlanAsync(await pipeline.RequestAsync(), "plan", Cancelled);
        var work = plan.WorkOf(plan.Steps[0], plan.Versions);
        proxy.CutAfter(1_000_000);

        var error = await Assert.ThrowsAsync<TransientException>(() => floor.GetRequiredService<PipelineSteps>().LandFilesAsync(work, "first", Cancelled));

        Assert.Contains("The database of connection 'shop' did not answer, or broke off, while it was asked for its rows", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
        proxy.CutAfter(long.MaxValue);
        var landed = await floor.GetRequiredService<PipelineSteps>().LandFilesAsync(work, "second", Cancelled);
        await floor.GetRequiredService<PipelineSteps>().CommitSourceAsync(work with { Landed = [landed] }, "third", Cancelled);
        Assert.Equal("20000|20000|200010000", await pipeline.ScalarAsync("select count(*), count(distinct id), sum(id) from bronze.orders"));
    }

    [Fact]
    public async Task Plan_ServerThatIsNotThere_IsTransient() =>
        Assert.Contains("It may pass.", (await FailAsync<TransientException>($"Host=127.0.0.1;Port=1;Username=app;Password={Secret}")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Run_DatabaseThatIsDown_FailsItsOwnStepOnlyAndIsTakenByTheNextRun()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int); insert into orders values (1), (2)");
        var pipeline = await shop.PipelineAsync($"{Yaml}\n  notes: {{connector: file, path: $/*.csv}}");
        await pipeline.LandAsync("notes.csv", "id\n7\n");

        var report = await pipeline.On(shop.Compose(connectionString: $"Host=127.0.0.1;Port=1;Username=app;Password={Secret}")).RunAsync();

        Assert.Equal(RunStatus.Failed, report.Run.Status);
        Assert.Equal(["bronze.notes", "silver.notes"], report.Built.Order(StringComparer.Ordinal));
        Assert.Equal((StepStatus.Failed, StepStatus.Skipped), (report["bronze.orders"].Status, report["silver.orders"].Status));
        Assert.Contains("The database of connection 'shop' did not answer", report["bronze.orders"].Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, Json.Write(report), StringComparison.Ordinal);
        Assert.Equal(["bronze.orders", "silver.orders"], (await pipeline.SucceedAsync()).Built.Order(StringComparer.Ordinal));
        Assert.Equal("2", await pipeline.ScalarAsync("select count(*) from silver.orders"));
    }

    [Fact]
    public async Task Run_DatabaseThatAnswersAgain_IsTakenByTheSameRun()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int); insert into orders values (1)");
        var pipeline = await shop.PipelineAsync(Yaml);
        await pipeline.SucceedAsync();
        var down = pipeline.On(shop.Compose(connectionString: $"Host=127.0.0.1;Port=1;Username=app;Password={Secret}"));
        var plan = await down.Floor.GetRequiredService<PipelineSteps>().PlanAsync(await pipeline.RequestAsync(), "plan", Cancelled);
        await shop.ExecuteAsync("insert into orders values (2)");

        var versions = new Dictionary<TableKey, long>(plan.Versions);
        var found = await new RunDriver(pipeline.Floor).StepAsync(plan, plan.Steps[0], versions, Cancelled);

        Assert.Equal((StepStatus.Succeeded, 1L), (found.Status, found.Rows?.Inserted));
    }

    [Fact]
    public async Task Run_DatabaseThatAnswersAgainWithNothingNew_IsUnchanged()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int)");
        var pipeline = await shop.PipelineAsync(Yaml);
        await pipeline.SucceedAsync();
        var down = pipeline.On(shop.Compose(connectionString: $"Host=127.0.0.1;Port=1;Username=app;Password={Secret}"));
        var plan = await down.Floor.GetRequiredService<PipelineSteps>().PlanAsync(await pipeline.RequestAsync(), "plan", Cancelled);

        var found = await new RunDriver(pipeline.Floor).StepAsync(plan, plan.Steps[0], plan.Versions, Cancelled);

        Assert.Equal((StepStatus.Unchanged, plan.Steps[0].Version), (found.Status, found.Versions[plan.Steps[0].Table]));
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port={0};Database=postgres;Username=nobody;Password={1}", "refuses a connection")]
    [InlineData("Host=127.0.0.1;Port={0};Database={1};Username=app;Password={1}", "***")]
    [InlineData("Host=db.example.com;Username=app;Password={1};SSL Mode=Prefer", "The setting Connections__shop cannot be used: it allows a connection without TLS, which only a server on this machine may have: expected SSL Mode=VerifyFull.")]
    [InlineData("Provider=oracle;Host=127.0.0.1;Password={1}", "The setting Connections__shop cannot be used: its Provider is none that is known: expected postgresql")]
    [InlineData("postgresql://app:{1}@127.0.0.1:{0}/postgres", "The setting Connections__shop is no connection string")]
    [InlineData("Host=127.0.0.1;Port={1};Username=app", "The setting Connections__shop is no connection string")]
    public async Task Plan_ConnectionThatCannotWork_IsRefusedWithoutItsSecret(string connection, string expected)
    {
        var text = connection.Replace("{0}", $"{postgres.Port}", StringComparison.Ordinal).Replace("{1}", connection.Contains("nobody", StringComparison.Ordinal) ? $"{Secret}-wrong" : Secret, StringComparison.Ordinal);

        var error = await FailAsync<TerminalException>(text);

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_UnknownConnection_NamesThoseThereAre()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int)");
        var pipeline = (await TestPipeline.CreateAsync(medallion, Yaml.Replace("connection: shop", "connection: shp", StringComparison.Ordinal).Replace("@", shop.Schema, StringComparison.Ordinal))).On(shop.Compose());

        var error = await pipeline.UnscannedAsync<TerminalException>("orders");

        Assert.Equal("There is no connection 'shp': expected the setting Connections__shp with a connection string. Connections that are set: shop.", error.Message);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("table: @.missing, cursor: id", "42P01")]
    [InlineData("table: @.orders, cursor: changed", "'cursor' of source 'orders' names 'changed', which is not a column of shop/@.orders: id, label")]
    [InlineData("table: @.orders, cursor: id, lookback: 1m", "'lookback' of source 'orders' needs a cursor that is a date or a time, but 'id' is a integer")]
    [InlineData("table: @.orders, cursor: id, split_by: label", "'split_by' of source 'orders' names 'label', which is a text: expected a number, a date or a time")]
    [InlineData("query: 'delete from @.orders returning id', cursor: id", "42601")]
    public async Task Plan_TableThatIsNotAsDefined_IsRefused(string source, string expected)
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int, label text)");
        var pipeline = await shop.PipelineAsync($"sources:\n  orders: {{connector: sql, connection: shop, {source}}}");

        var error = await pipeline.UnscannedAsync<TerminalException>("orders");

        Assert.Contains(expected.Replace("@", shop.Schema, StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Succeeded_NowhereHasTheSecret()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int); insert into orders values (1)");
        var pipeline = await shop.PipelineAsync(Yaml);

        var report = await pipeline.SucceedAsync();

        Assert.DoesNotContain(Secret, Json.Write(report), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, string.Join('\n', await pipeline.QueryAsync("select * from bronze.orders")), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, pipeline.Floor.GetRequiredService<Connections>().ToString(), StringComparison.Ordinal);
        var bronze = await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, TableKey.Parse("bronze.orders")).ReadAsync((long?)null, Cancelled);
        Assert.DoesNotContain(Secret, string.Join('\n', Assert.IsType<Lakehouse.Delta.DeltaSnapshot>(bronze).Domains.Values), StringComparison.Ordinal);
    }

    private async Task<T> FailAsync<T>(string connection)
        where T : Exception
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int)");
        var pipeline = await shop.PipelineAsync(Yaml);
        var error = await pipeline.On(shop.Compose(connectionString: connection)).UnscannedAsync<T>("orders");
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
        return error;
    }

    /// <summary>A way to the server that ends after a number of bytes from there.</summary>
    private sealed class CuttingProxy : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly int server;
        private readonly Task accepting;
        private long left = long.MaxValue;

        public CuttingProxy(int server)
        {
            this.server = server;
            listener.Start();
            accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public void CutAfter(long bytes) => Interlocked.Exchange(ref left, bytes);

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            listener.Dispose();
            await accepting;
            stop.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var client = await listener.AcceptTcpClientAsync(stop.Token);
                    _ = RelayAsync(client);
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }

        private async Task RelayAsync(TcpClient client)
        {
            using (client)
            using (var upstream = new TcpClient())
            {
                await upstream.ConnectAsync(IPAddress.Loopback, server, stop.Token);
                await Task.WhenAny(CopyAsync(client, upstream, counts: false), CopyAsync(upstream, client, counts: true));
            }
        }

        private async Task CopyAsync(TcpClient from, TcpClient to, bool counts)
        {
            var buffer = new byte[16 * 1024];
            try
            {
                int read;
                while ((read = await from.GetStream().ReadAsync(buffer, stop.Token)) > 0 && (!counts || Interlocked.Add(ref left, -read) > 0))
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stop.Token);
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // One of the two has closed.
            }
        }
    }
}
