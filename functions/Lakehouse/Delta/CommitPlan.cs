using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Turns a commit into log actions against the table as it is; done anew after every lost race.</summary>
internal static class CommitPlan
{
    public static IReadOnlyList<LogAction> Actions(LakePath root, DeltaCommit commit, TableState? table, DateTimeOffset now)
    {
        CheckFiles(root, commit);
        CheckAge(root, commit, now);
        if (table is not null)
        {
            DeltaProtocol.CheckReadable(root, table.Protocol, table.Metadata);
            DeltaProtocol.CheckWritable(root, table.Protocol, table.Metadata, commit);
        }

        var removed = Removed(root, commit, table);
        if (commit.WidensTypes && removed.Count != table?.Files.Count)
        {
            throw new TerminalException($"The commit to {root} gives columns wider types and removes {removed.Count} of {table?.Files.Count} files; all must be written anew.");
        }

        var metadata = Metadata(root, commit, table?.Metadata, now);
        var actions = new List<LogAction> { new() { CommitInfo = Info(commit, table, removed.Count, now) } };
        if (table is null)
        {
            actions.Add(new LogAction { Protocol = DeltaProtocol.New });
        }

        if (metadata is not null)
        {
            actions.Add(new LogAction { MetaData = metadata });
        }

        if (commit.Transaction is { } transaction)
        {
            actions.Add(new LogAction { Txn = new TransactionAction { AppId = transaction.AppId, Version = transaction.Version, LastUpdated = now.ToUnixTimeMilliseconds() } });
        }

        actions.AddRange(commit.Domains.Select(domain => new LogAction { DomainMetadata = new DomainAction { Domain = domain.Name, Configuration = domain.Configuration } }));
        actions.AddRange(removed.Select(file => new LogAction { Remove = Tombstone(file, commit.DataChange, now) }));
        actions.AddRange(commit.Add.Select(file => new LogAction { Add = ToAction(file, commit.DataChange) }));
        return actions;
    }

    private static IReadOnlyList<AddAction> Removed(LakePath root, DeltaCommit commit, TableState? table)
    {
        switch (commit.Mode)
        {
            case CommitMode.Append when commit.Remove.Count > 0:
                throw new TerminalException($"The append to {root} names {commit.Remove.Count} files to remove; that is "
                    + $"{nameof(CommitMode.Replace)}.");
            case CommitMode.Overwrite:
                // A file that is added again, by a repeat of the same invocation, stays.
                var added = commit.Add.Select(file => file.Path).ToHashSet();
                return [.. (table?.Files.Values ?? []).Where(file => !added.Contains(file.Path))];
            case CommitMode.Replace when table is null:
                throw new TerminalException($"There is no table at {root} whose files could be replaced.");
            default:
                return [.. commit.Remove.Select(path => table?.Files.GetValueOrDefault(path)
                    ?? throw new TerminalException($"The table {root} has no file '{path}' at version {table?.Version}; the commit wants to remove it."))];
        }
    }

    private static MetadataAction? Metadata(LakePath root, DeltaCommit commit, MetadataAction? current, DateTimeOffset now)
    {
        if (current is null)
        {
            SchemaRules.CheckNew(root, commit.Schema, commit.PartitionColumns);
            return new MetadataAction
            {
                Id = Guid.CreateVersion7(now).ToString("D"),
                Description = commit.Description,
                SchemaString = commit.Schema.ToJson(),
                PartitionColumns = commit.PartitionColumns,
                CreatedTime = now.ToUnixTimeMilliseconds(),
            };
        }

        var table = DeltaSchema.FromJson(current.SchemaString);
        var schema = commit.Mode == CommitMode.Overwrite ? commit.Schema : SchemaRules.Widen(root, table, commit.Schema, commit.WidensTypes);
        var samePartitions = current.PartitionColumns.SequenceEqual(commit.PartitionColumns);
        if (commit.Mode == CommitMode.Overwrite)
        {
            SchemaRules.CheckNew(root, commit.Schema, commit.PartitionColumns);
        }
        else if (!samePartitions)
        {
            throw new TerminalException($"The table {root} is partitioned by ({string.Join(", ", current.PartitionColumns)}), the files to add "
                + $"by ({string.Join(", ", commit.PartitionColumns)}). Only an overwrite changes that.");
        }

        return schema.Equals(table) && samePartitions && (commit.Description ?? current.Description) == current.Description
            ? null
            : current with { SchemaString = schema.ToJson(), PartitionColumns = commit.PartitionColumns, Description = commit.Description ?? current.Description };
    }

    // A vacuum takes files that no commit names once they have the age of its floor; half of it is left for the commit and for clocks that differ.
    private static void CheckAge(LakePath root, DeltaCommit commit, DateTimeOffset now)
    {
        var oldest = commit.Add.MinBy(file => file.ModifiedUnixMilliseconds);
        if (oldest is not null && now - DateTimeOffset.FromUnixTimeMilliseconds(oldest.ModifiedUnixMilliseconds) is var age && age > DeltaVacuum.Floor / 2)
        {
            throw new TerminalException($"The commit to {root} adds the file '{oldest.Path}', written {Text((long)age.TotalHours)} hours ago; a file must be "
                + $"committed within {Text((long)(DeltaVacuum.Floor / 2).TotalHours)} hours, before a vacuum may take it. Repeat the step, so that it writes its files anew.");
        }
    }

    private static void CheckFiles(LakePath root, DeltaCommit commit)
    {
        if (commit.Add.FirstOrDefault(file => !file.PartitionValues.Keys.ToHashSet().SetEquals(commit.PartitionColumns)) is { } odd)
        {
            throw new TerminalException($"The file '{odd.Path}' for the table {root} has values of the partition columns "
                + $"({string.Join(", ", odd.PartitionValues.Keys)}); expected ({string.Join(", ", commit.PartitionColumns)}).");
        }

        if (commit.Add.GroupBy(file => file.Path).FirstOrDefault(file => file.Count() > 1) is { } twice)
        {
            throw new TerminalException($"The commit to {root} adds the file '{twice.Key}' {twice.Count()} times.");
        }
    }

    public static CommitInfoAction Info(DeltaCommit commit, TableState? table, int removed, DateTimeOffset now)
    {
        var metrics = new Dictionary<string, string>
        {
            ["numFiles"] = Text(commit.Add.Count),
            ["numRemovedFiles"] = Text(removed),
            ["numOutputRows"] = Text(commit.Add.Sum(file => file.Statistics?.Rows ?? 0)),
            ["numOutputBytes"] = Text(commit.Add.Sum(file => file.SizeBytes)),
        };
        foreach (var (name, value) in commit.Metrics)
        {
            metrics[name] = value;
        }

        return new CommitInfoAction
        {
            Timestamp = now.ToUnixTimeMilliseconds(),
            Operation = commit.Operation,
            OperationParameters = new Dictionary<string, JsonElement> { ["mode"] = JsonSerializer.SerializeToElement(commit.Mode.ToString()) },
            ReadVersion = table?.Version,
            IsBlindAppend = commit.Mode == CommitMode.Append,
            OperationMetrics = metrics.ToDictionary(metric => metric.Key, metric => JsonSerializer.SerializeToElement(metric.Value)),
            EngineInfo = "Pipeline",

            // No two commits have the same bytes: a writer knows its own entry again after an answer that got lost.
            TxnId = Guid.CreateVersion7(now).ToString("D"),
        };
    }

    public static RemoveAction Tombstone(AddAction file, bool dataChange, DateTimeOffset now) => new()
    {
        Path = file.Path,
        DeletionTimestamp = now.ToUnixTimeMilliseconds(),
        DataChange = dataChange,
        ExtendedFileMetadata = true,
        PartitionValues = file.PartitionValues,
        Size = file.Size,
    };

    private static AddAction ToAction(AddFile file, bool dataChange) => new()
    {
        Path = file.Path,
        PartitionValues = file.PartitionValues,
        Size = file.SizeBytes,
        ModificationTime = file.ModifiedUnixMilliseconds,
        DataChange = dataChange,
        Stats = file.Statistics?.Json,
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
