using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;
using Pipeline.Medallion;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.File;
using Pipeline.Medallion.Sources.File.Remote;
using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Faults.Parsers;

/// <summary>What reads the inputs: the code that reads them in a run.</summary>
internal sealed class ParserTargets(ParserCorpus corpus, Engine engine, string folder)
{
    // A table is read, and then used in one of these ways.
    private const int Uses = 4;
    private const string Good = "Id,Note\n1,whole\n2,whole\n";
    private const string GoodFile = "fuzz/whole.csv";

    /// <summary>Gives inputs to what reads them. Landing files go together with one that is whole, whose rows must come out.</summary>
    /// <exception cref="LakehouseException">An input was refused; what is thrown besides is a defect.</exception>
    public async Task ReadAsync(IReadOnlyList<ParserInput> inputs, CancellationToken cancellationToken)
    {
        var input = inputs[0];
        switch (input.Kind)
        {
            case ParserCorpus.Yaml:
                Compile(Encoding.UTF8.GetString(input.Content), ParserCorpus.Model);
                break;
            case ParserCorpus.Sql:
                Compile(ParserCorpus.PipelineFile, Encoding.UTF8.GetString(input.Content));
                break;
            case ParserCorpus.Entry:
                await ReadTableAsync($"{(input.Number % 2 == 0 ? 11 : 3):D20}.json", input.Content, version: input.Number % 2 == 0 ? null : 5, input.Number / 2, cancellationToken);
                break;
            case ParserCorpus.Checkpoint:
                await ReadTableAsync("00000000000000000010.checkpoint.parquet", input.Content, version: null, input.Number, cancellationToken);
                break;
            case ParserCorpus.Pointer:
                await ReadTableAsync("_last_checkpoint", input.Content, version: null, input.Number, cancellationToken);
                break;
            default:
                await LandAsync(inputs, cancellationToken);
                break;
        }
    }

    private void Compile(string yaml, string sql) => new DefinitionCompiler(engine).Compile(new DefinitionFiles
    {
        Name = "shop",
        Files = new SortedDictionary<string, string>(StringComparer.Ordinal) { [DefinitionFiles.PipelineFile] = yaml, ["models/gold/totals.sql"] = sql },
    });

    private async Task ReadTableAsync(string name, byte[] content, long? version, int use, CancellationToken cancellationToken)
    {
        var lake = corpus.Table.Copy();
        await lake.WriteAsync(ParserCorpus.Root.Append($"_delta_log/{name}"), content, cancellationToken);
        var table = new DeltaTable(lake, ParserCorpus.Root, TimeProvider.System, folder);
        if (await table.ReadAsync(version, cancellationToken) is not { } snapshot)
        {
            return;
        }

        switch (use % Uses)
        {
            case 0:
                using (var session = engine.OpenSession())
                using (var cache = new FileCache(lake, Path.Combine(session.TempDirectory, "cache"), 64L << 20))
                using (await new TableReader(cache).CreateViewAsync(session, "fuzz", "t", snapshot, ParserCorpus.Root, cancellationToken))
                {
                    session.Scalar<long>("SELECT count(*) FROM fuzz.t", cancellationToken);
                }

                break;
            case 1:
                var commit = new DeltaCommit { Operation = "WRITE", Mode = CommitMode.Append, Schema = snapshot.Schema, PartitionColumns = snapshot.PartitionColumns };
                await table.CommitAsync(commit, cancellationToken);
                break;
            case 2:
                await new DeltaVacuum(lake, TimeProvider.System, folder).RunAsync(ParserCorpus.Root, dryRun: true, cancellationToken);
                break;
            default:
                await table.HistoryAsync(20, cancellationToken);
                break;
        }
    }

    private async Task LandAsync(IReadOnlyList<ParserInput> inputs, CancellationToken cancellationToken)
    {
        var lake = new MemoryLake { NowUtc = TimeProvider.System.GetUtcNow() };
        var files = new List<LandedFile>();
        foreach (var (path, content) in inputs.Select(input => ($"fuzz/{input.Number:D6}.{input.Kind}", input.Content)).Prepend((GoodFile, Encoding.UTF8.GetBytes(Good))))
        {
            var file = new LandedFile { Path = path, ETag = "1", SizeBytes = content.Length };
            await lake.WriteAsync(file.LakePath, content, cancellationToken);
            files.Add(file);
        }

        var work = new StepWork
        {
            RunId = "fuzz",
            Pipeline = "fuzz",
            Definition = "",
            PlanId = "plan",
            Number = 1,
            TimeUtc = DateTimeOffset.UnixEpoch,
            Table = new TableKey("bronze", "f"),
        };
        var source = new SourceDefinition { Name = "f", Connector = "file", Path = "fuzz/*", Line = new SourceLine("pipeline.yaml", 1) };
        using var servers = new RestServers();
        var (connections, options) = (new Connections([]), new RestOptions());
        var landing = new LandingFiles(lake, engine, connections, servers, new StorageAccounts(connections, options, identity: null), options, TimeProvider.System);
        var batches = await new FileLander(lake, engine, new DataFileWriter(lake), landing).LandAsync(source, work, files, "i", cancellationToken);
        var landed = batches.SelectMany(batch => batch.Files).ToList();
        var rows = batches.SelectMany(batch => batch.Add).Sum(file => file.Statistics?.Rows ?? 0);
        if (landed.Sum(file => file.Rows) != rows || landed.First(file => file.Path == GoodFile).Rows != 2)
        {
            throw new InvalidOperationException($"{rows} rows were landed; by file: {string.Join(", ", landed.Select(file => $"{file.Path} {file.Rows}"))}.");
        }
    }
}
