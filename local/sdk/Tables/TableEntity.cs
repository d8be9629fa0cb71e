using System.Collections;

namespace Azure.Data.Tables;

/// <summary>An entity as a dictionary of properties. Key, ETag and timestamp are entries of it too.</summary>
public sealed partial class TableEntity : ITableEntity, IDictionary<string, object>
{
    private readonly Dictionary<string, object> properties;

    /// <summary>An empty entity.</summary>
    public TableEntity() => properties = [];

    /// <summary>An entity with a key.</summary>
    public TableEntity(string partitionKey, string rowKey)
        : this()
    {
        PartitionKey = partitionKey;
        RowKey = rowKey;
    }

    /// <summary>An entity with a copy of the given properties.</summary>
    public TableEntity(IDictionary<string, object> values) => properties = values is null ? [] : new(values);

    /// <inheritdoc/>
    public string PartitionKey
    {
        get => GetString(EntityJson.PartitionKey);
        set => properties[EntityJson.PartitionKey] = value;
    }

    /// <inheritdoc/>
    public string RowKey
    {
        get => GetString(EntityJson.RowKey);
        set => properties[EntityJson.RowKey] = value;
    }

    /// <inheritdoc/>
    public DateTimeOffset? Timestamp
    {
        get => Get<DateTimeOffset?>(EntityJson.Timestamp);
        set => properties[EntityJson.Timestamp] = value;
    }

    /// <inheritdoc/>
    public ETag ETag
    {
        get => new(GetString(EntityJson.ETag));
        set => properties[EntityJson.ETag] = value.ToString();
    }

    /// <inheritdoc/>
    public int Count => properties.Count;

    /// <inheritdoc/>
    public ICollection<string> Keys => properties.Keys;

    /// <inheritdoc/>
    ICollection<object> IDictionary<string, object>.Values => properties.Values;

    /// <inheritdoc/>
    bool ICollection<KeyValuePair<string, object>>.IsReadOnly => false;

    /// <summary>A property's value, null where there is none. An existing property keeps its type.</summary>
    public object this[string key]
    {
        get => Get<object>(key);
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(key);
            properties[key] = value is not null && properties.TryGetValue(key, out var existing) && existing is not null ? Coerce(existing, value) : value;
        }
    }

    /// <summary>A property of type string.</summary>
    public string GetString(string key) => Get<string>(key);

    /// <summary>A property of type byte array.</summary>
    public byte[] GetBinary(string key) => Get<byte[]>(key);

    /// <summary>A property of type <see cref="BinaryData"/>.</summary>
    public BinaryData GetBinaryData(string key) => Get<object>(key) is byte[] bytes ? new BinaryData(bytes) : Get<BinaryData>(key);

    /// <summary>A property of type bool.</summary>
    public bool? GetBoolean(string key) => Get<bool?>(key);

    /// <summary>A point in time, in UTC.</summary>
    public DateTime? GetDateTime(string key) => Get<object>(key) is DateTimeOffset time ? time.UtcDateTime : Get<DateTime?>(key);

    /// <summary>A point in time.</summary>
    public DateTimeOffset? GetDateTimeOffset(string key) => Get<object>(key) is DateTime time ? new DateTimeOffset(time) : Get<DateTimeOffset?>(key);

    /// <summary>A property of type double.</summary>
    public double? GetDouble(string key) => Get<double?>(key);

    /// <summary>A property of type Guid.</summary>
    public Guid? GetGuid(string key) => Get<Guid?>(key);

    /// <summary>A property of type int.</summary>
    public int? GetInt32(string key) => Get<int?>(key);

    /// <summary>A property of type long.</summary>
    public long? GetInt64(string key) => Get<long?>(key);

    /// <inheritdoc/>
    public void Add(string key, object value) => properties.Add(key, value);

    /// <inheritdoc/>
    public void Clear() => properties.Clear();

    /// <inheritdoc/>
    public bool ContainsKey(string key) => properties.ContainsKey(key);

    /// <inheritdoc/>
    public bool Remove(string key) => properties.Remove(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, out object value) => properties.TryGetValue(key, out value);

    /// <inheritdoc/>
    void ICollection<KeyValuePair<string, object>>.Add(KeyValuePair<string, object> item) => properties.Add(item.Key, item.Value);

    /// <inheritdoc/>
    bool ICollection<KeyValuePair<string, object>>.Contains(KeyValuePair<string, object> item) => properties.Contains(item);

    /// <inheritdoc/>
    void ICollection<KeyValuePair<string, object>>.CopyTo(KeyValuePair<string, object>[] array, int arrayIndex) =>
        ((ICollection<KeyValuePair<string, object>>)properties).CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    bool ICollection<KeyValuePair<string, object>>.Remove(KeyValuePair<string, object> item) =>
        ((ICollection<KeyValuePair<string, object>>)properties).Remove(item);

    /// <inheritdoc/>
    IEnumerator<KeyValuePair<string, object>> IEnumerable<KeyValuePair<string, object>>.GetEnumerator() => properties.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => properties.GetEnumerator();

    private T Get<T>(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return !properties.TryGetValue(key, out var value) || value is null ? default
            : value is T typed ? typed
            : throw new InvalidOperationException($"The property '{key}' is a {value.GetType()}, not a {typeof(T)}.");
    }

    private static object Coerce(object existing, object value) => (existing, value) switch
    {
        _ when existing.GetType().IsInstanceOfType(value) => value,
        (int, double or long) => value,
        (double, int number) => (double)number,
        (long, int number) => (long)number,
        _ => throw new InvalidOperationException($"A property that is a {existing.GetType()} cannot become a {value.GetType()}."),
    };
}
