using Pipeline.Benchmarks;

if (args is not [var name, .. var rest] || name != "medallion")
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/Benchmarks -- medallion [ROWS]");
    return 2;
}

var rows = rest.Length > 0 ? long.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 10_000_000;
await MedallionBenchmark.RunAsync(rows, CancellationToken.None);
return 0;
