using Pipeline.Benchmarks;

return args switch
{
    ["medallion", .. var rest] => await DoneAsync(MedallionBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["increment", .. var rest] => await DoneAsync(IncrementBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["quality", .. var rest] => await DoneAsync(QualityBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["stream", .. var rest] => await DoneAsync(StreamBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["watch", .. var rest] => await DoneAsync(WatchBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["peers", .. var rest] => await DoneAsync(PeersBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["snapshot", .. var rest] => await DoneAsync(SnapshotBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["serve", .. var rest] => await DoneAsync(ServeBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["database", .. var rest] => await DoneAsync(DatabaseBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["rest", .. var rest] => await DoneAsync(RestBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["webhook", .. var rest] => await DoneAsync(WebhookBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["cluster", .. var rest] => await DoneAsync(ClusterBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["score", .. var rest] => await DoneAsync(ScoreBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    ["mart", .. var rest] => await DoneAsync(MartBenchmark.RunAsync(BenchmarkOptions.Parse(rest), CancellationToken.None)),
    _ => Usage(),
};

static async Task<int> DoneAsync(Task benchmark)
{
    await benchmark;
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine(BenchmarkOptions.Usage);
    return 2;
}
