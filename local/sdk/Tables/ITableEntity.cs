namespace Azure.Data.Tables;

/// <summary>What every entity has: its key, its version and the time of its last change.</summary>
public interface ITableEntity
{
    /// <summary>Entities of one partition are stored together and can share a transaction.</summary>
    string PartitionKey { get; set; }

    /// <summary>Unique within the partition.</summary>
    string RowKey { get; set; }

    /// <summary>When the service last wrote the entity; ignored on writes.</summary>
    DateTimeOffset? Timestamp { get; set; }

    /// <summary>Changes with every write.</summary>
    ETag ETag { get; set; }
}
