using System.Globalization;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Storage;

internal sealed partial class TableHubStore
{
    private const string MessagePartition = "message";
    private const string LeasePartition = "lease";

    public async Task PutMessageAsync(HubMessage message, CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        var pieces = TextChunks.Split(message.Data ?? "").DefaultIfEmpty("").ToList();

        // The first row comes last: without it, there is no message.
        for (var number = pieces.Count - 1; number >= 0; number--)
        {
            var row = new TableEntity(MessagePartition, string.Create(CultureInfo.InvariantCulture, $"{message.Id}.{number:D4}"));
            TextChunks.Write(row, pieces[number]);
            if (number == 0)
            {
                row["InstanceId"] = message.InstanceId;
                row["Kind"] = message.Kind.ToString();
                row["HasData"] = message.Data is not null;
                row["Recursive"] = message.Recursive;
                row["Name"] = message.Name ?? "";
            }

            await messages.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        }
    }

    public async Task<IReadOnlyList<HubMessage>> ReadMessagesAsync(CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {MessagePartition}");
        var rows = new List<TableEntity>();
        await foreach (var row in messages.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            rows.Add(row);
        }

        return [.. rows.GroupBy(row => row.RowKey[..row.RowKey.LastIndexOf('.')]).Select(Read).OfType<HubMessage>().OrderBy(m => m.Id, StringComparer.Ordinal)];
    }

    public async Task DeleteMessagesAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            var filter = TableClient.CreateQueryFilter($"PartitionKey eq {MessagePartition} and RowKey ge {id + "."} and RowKey lt {id + "/"}");
            await foreach (var row in messages.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"], cancellationToken: cancellationToken))
            {
                await messages.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellationToken);
            }
        }
    }

    public async Task<HubLease?> ReadLeaseAsync(CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        var found = await messages.GetEntityIfExistsAsync<TableEntity>(LeasePartition, LeasePartition, cancellationToken: cancellationToken);
        return found.HasValue && found.Value is { } row
            ? new HubLease
            {
                Owner = row.GetString("Owner") ?? "",
                Machine = row.GetString("Machine") ?? "",
                ProcessId = row.GetInt32("ProcessId") ?? 0,
                ProcessStartedAt = row.GetDateTimeOffset("ProcessStartedAt") ?? default,
                ExpiresAt = row.GetDateTimeOffset("ExpiresAt") ?? default,
                Epoch = row.GetInt32("Epoch") ?? 0,
                ETag = row.ETag.ToString(),
            }
            : null;
    }

    public async Task<HubLease?> TryWriteLeaseAsync(HubLease lease, CancellationToken cancellationToken)
    {
        await EnsureTablesAsync(cancellationToken);
        var row = new TableEntity(LeasePartition, LeasePartition)
        {
            ["Owner"] = lease.Owner,
            ["Machine"] = lease.Machine,
            ["ProcessId"] = lease.ProcessId,
            ["ProcessStartedAt"] = lease.ProcessStartedAt,
            ["ExpiresAt"] = lease.ExpiresAt,
            ["Epoch"] = lease.Epoch,
        };
        try
        {
            var answer = lease.ETag.Length == 0
                ? await messages.AddEntityAsync(row, cancellationToken)
                : await messages.UpdateEntityAsync(row, new ETag(lease.ETag), TableUpdateMode.Replace, cancellationToken);
            return lease with { ETag = ETagOf(answer) };
        }
        catch (RequestFailedException error) when (error.Status is 409 or 412)
        {
            return null;
        }
    }

    private static HubMessage? Read(IGrouping<string, TableEntity> rows)
    {
        var ordered = rows.OrderBy(row => row.RowKey, StringComparer.Ordinal).ToList();
        if (!ordered[0].RowKey.EndsWith(".0000", StringComparison.Ordinal))
        {
            return null;
        }

        var text = new StringBuilder();
        ordered.ForEach(row => TextChunks.Read(row, text));
        return new HubMessage
        {
            Id = rows.Key,
            InstanceId = ordered[0].GetString("InstanceId"),
            Kind = Enum.Parse<HubMessageKind>(ordered[0].GetString("Kind")),
            Name = ordered[0].GetString("Name"),
            Data = ordered[0].GetBoolean("HasData") is true ? text.ToString() : null,
            Recursive = ordered[0].GetBoolean("Recursive") is true,
        };
    }
}
