using Pipeline.Benchmarks;

if (args is not [("medallion" or "limits") and var name, .. var rest])
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/Benchmarks -- medallion [ROWS] | limits [ROWS]");
    return 2;
}

long? rows = rest.Length > 0 ? long.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : null;
await (name == "medallion" ? MedallionBenchmark.RunAsync(rows ?? 10_000_000, CancellationToken.None) : LimitsBenchmark.RunAsync(rows ?? 50_000_000, CancellationToken.None));
return 0;
