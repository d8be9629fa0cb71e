using Azure.Data.Tables;
using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Storage;

internal sealed partial class TableHubStore
{
    public async Task<(IReadOnlyList<InstanceRecord> Instances, string? ContinuationToken)> QueryAsync(
        InstanceFilter filter, string? continuationToken, int pageSize, CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        await foreach (var page in instances.QueryAsync<TableEntity>(Text(filter), pageSize, cancellationToken: cancellationToken).AsPages(continuationToken, pageSize))
        {
            var found = new List<InstanceRecord>(page.Values.Count);
            foreach (var entity in page.Values)
            {
                found.Add(await ReadAsync(entity, filter.WithPayloads, cancellationToken));
            }

            return (found, string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken);
        }

        return ([], null);
    }

    private static string Text(InstanceFilter filter)
    {
        var conditions = new List<string> { TableClient.CreateQueryFilter($"RowKey eq {InstanceEntity.RowKey}") };
        if (filter.IdPrefix is { Length: > 0 } prefix)
        {
            var end = prefix[..^1] + (char)(prefix[^1] + 1);
            conditions.Add(TableClient.CreateQueryFilter($"PartitionKey ge {prefix} and PartitionKey lt {end}"));
        }

        if (filter.CreatedFrom is { } from)
        {
            conditions.Add(TableClient.CreateQueryFilter($"CreatedAt ge {from}"));
        }

        if (filter.CreatedTo is { } to)
        {
            conditions.Add(TableClient.CreateQueryFilter($"CreatedAt le {to}"));
        }

        if (filter.ParentInstanceId is { } parent)
        {
            conditions.Add(TableClient.CreateQueryFilter($"ParentInstanceId eq {parent}"));
        }

        if (filter.Statuses is { Count: > 0 } statuses)
        {
            conditions.Add("(" + string.Join(" or ", statuses.Select(s => TableClient.CreateQueryFilter($"Status eq {s.ToString()}"))) + ")");
        }

        return string.Join(" and ", conditions);
    }
}
