using Azure.Data.Tables;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.Health;

/// <summary>Remembers in the Azure table <c>sources</c> whether sources could be reached.</summary>
public sealed class SourceCheckStore(TableServiceClient tables)
{
    private readonly StateTable checks = new(tables, "sources");

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => checks.CreateAsync(cancellationToken);

    /// <summary>Notes the answer of a source.</summary>
    public Task NoteAsync(string pipeline, string source, SourceCheck check, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(check);
        var entity = new TableEntity(pipeline, source)
        {
            ["CheckedUtc"] = check.CheckedUtc,
            ["Reachable"] = check.Reachable,
            ["Milliseconds"] = check.Milliseconds,
            ["Detail"] = RunStore.Shorten(check.Detail),
        };
        return checks.UpsertAsync(entity, TableUpdateMode.Replace, cancellationToken);
    }

    /// <summary>The last answers of a pipeline's sources, by their names.</summary>
    public async Task<IReadOnlyDictionary<string, SourceCheck>> ListAsync(string pipeline, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, SourceCheck>(StringComparer.Ordinal);
        await foreach (var entity in checks.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {pipeline}"), cancellationToken))
        {
            found[entity.RowKey] = new SourceCheck
            {
                CheckedUtc = entity.GetDateTimeOffset("CheckedUtc") ?? default,
                Reachable = entity.GetBoolean("Reachable") ?? false,
                Milliseconds = entity.GetInt64("Milliseconds") ?? 0,
                Detail = entity.GetString("Detail"),
            };
        }

        return found;
    }
}
