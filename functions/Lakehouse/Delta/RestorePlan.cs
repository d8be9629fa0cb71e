using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The log actions that turn a table into what it was.</summary>
internal static class RestorePlan
{
    // A txn action cannot be taken back; below the first version of any application it says the same as none.
    private const long NoVersion = -1;

    public static IReadOnlyList<LogAction> Actions(LakePath root, DeltaCommit commit, TableState then, TableState table, DateTimeOffset now)
    {
        DeltaProtocol.CheckReadable(root, table.Protocol, table.Metadata);
        DeltaProtocol.CheckWritable(root, table.Protocol, table.Metadata, commit);
        AddAction[] added = [.. then.Files.Values.Where(file => !table.Files.ContainsKey(file.Path))];
        AddAction[] removed = [.. table.Files.Values.Where(file => !then.Files.ContainsKey(file.Path))];
        var info = CommitPlan.Info(commit with { Add = [.. added.Select(TableState.ToAddFile)] }, table, removed.Length, now);
        var metadata = then.Metadata with { Id = table.Metadata.Id, CreatedTime = table.Metadata.CreatedTime };
        return
        [
            new LogAction { CommitInfo = info },
            .. Same(metadata, table.Metadata) ? Array.Empty<LogAction>() : [new LogAction { MetaData = metadata }],
            .. Transactions(then, table, now).Select(transaction => new LogAction { Txn = transaction }),
            .. Domains(then, table).Select(domain => new LogAction { DomainMetadata = domain }),
            .. removed.Select(file => new LogAction { Remove = CommitPlan.Tombstone(file, dataChange: true, now) }),
            .. added.Select(file => new LogAction { Add = file with { DataChange = true } }),
        ];
    }

    private static bool Same(MetadataAction one, MetadataAction other) =>
        LogEntry.Write([new LogAction { MetaData = one }]).AsSpan().SequenceEqual(LogEntry.Write([new LogAction { MetaData = other }]));

    private static IEnumerable<TransactionAction> Transactions(TableState then, TableState table, DateTimeOffset now) =>
        from current in table.Transactions.Values
        let version = then.Transactions.GetValueOrDefault(current.AppId)?.Version ?? NoVersion
        where version != current.Version
        select new TransactionAction { AppId = current.AppId, Version = version, LastUpdated = now.ToUnixTimeMilliseconds() };

    private static IEnumerable<DomainAction> Domains(TableState then, TableState table) =>
        then.Domains.Values.Where(domain => table.Domains.GetValueOrDefault(domain.Domain)?.Configuration != domain.Configuration)
            .Concat(table.Domains.Values.Where(domain => !then.Domains.ContainsKey(domain.Domain)).Select(domain => domain with { Removed = true }));
}
