using System.Globalization;
using System.Reflection;
using System.Runtime.Serialization;
using System.Text.Json;

namespace Azure.Data.Tables;

/// <summary>Entities as JSON with OData type annotations (minimal metadata), both ways.</summary>
internal static class EntityJson
{
    public const string PartitionKey = nameof(PartitionKey);
    public const string RowKey = nameof(RowKey);
    public const string Timestamp = nameof(Timestamp);
    public const string ETag = "odata.etag";
    private const string TypeSuffix = "@odata.type";

    public static byte[] Write(ITableEntity entity)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var (name, value) in Properties(entity))
            {
                WriteProperty(json, name, value);
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    public static T Read<T>(JsonElement json)
        where T : class, ITableEntity
    {
        var types = json.EnumerateObject().Where(property => property.Name.EndsWith(TypeSuffix, StringComparison.Ordinal))
            .ToDictionary(property => property.Name[..^TypeSuffix.Length], property => property.Value.GetString());
        var values = json.EnumerateObject()
            .Where(property => property.Name == ETag || !property.Name.Contains("odata.", StringComparison.Ordinal))
            .ToDictionary(property => property.Name, property => ReadValue(property.Value, property.Name == Timestamp ? "Edm.DateTime" : types.GetValueOrDefault(property.Name)));
        if (typeof(T) == typeof(TableEntity) || typeof(T) == typeof(ITableEntity))
        {
            return (T)(ITableEntity)new TableEntity(values);
        }

        var entity = Activator.CreateInstance<T>();
        foreach (var (property, name) in Members(typeof(T)).Where(member => member.Property.CanWrite))
        {
            if (values.TryGetValue(name, out var value) && value is not null)
            {
                property.SetValue(entity, Convert(value, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType));
            }
        }

        if (values.TryGetValue(ETag, out var etag))
        {
            entity.ETag = new ETag((string)etag);
        }

        return entity;
    }

    private static IEnumerable<(string Name, object Value)> Properties(ITableEntity entity) =>
        (entity is TableEntity dictionary
            ? dictionary.Select(property => (Name: property.Key, property.Value))
            : Members(entity.GetType()).Where(member => member.Property.CanRead).Select(member => (member.Name, Value: member.Property.GetValue(entity))))
        .Where(property => property.Value is not null && property.Name is not Timestamp and not ETag);

    private static IEnumerable<(PropertyInfo Property, string Name)> Members(Type type) =>
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.PropertyType != typeof(ETag) && property.GetIndexParameters().Length == 0 && !property.IsDefined(typeof(IgnoreDataMemberAttribute))
        select (property, property.GetCustomAttribute<DataMemberAttribute>()?.Name ?? property.Name);

    private static void WriteProperty(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case string text: json.WriteString(name, text); break;
            case bool truth: json.WriteBoolean(name, truth); break;
            case int number: json.WriteNumber(name, number); break;
            case Enum member: json.WriteString(name, member.ToString()); break;
            case long number: WriteTyped("Edm.Int64", number.ToString(CultureInfo.InvariantCulture)); break;
            case ulong number: WriteTyped("Edm.Int64", unchecked((long)number).ToString(CultureInfo.InvariantCulture)); break;
            case double number when double.IsFinite(number):
                json.WriteString(name + TypeSuffix, "Edm.Double");
                json.WriteNumber(name, number);
                break;
            case double number: WriteTyped("Edm.Double", number.ToString(CultureInfo.InvariantCulture)); break;
            case Guid id: WriteTyped("Edm.Guid", id.ToString()); break;
            case DateTimeOffset time: WriteTyped("Edm.DateTime", Utc(time.UtcDateTime)); break;
            case DateTime time: WriteTyped("Edm.DateTime", Utc(time.ToUniversalTime())); break;
            case byte[] bytes: WriteTyped("Edm.Binary", System.Convert.ToBase64String(bytes)); break;
            case BinaryData bytes: WriteTyped("Edm.Binary", System.Convert.ToBase64String(bytes)); break;
            default: throw new NotSupportedException($"The property '{name}' is a {value.GetType()}, which a table cannot hold.");
        }

        void WriteTyped(string type, string text)
        {
            json.WriteString(name + TypeSuffix, type);
            json.WriteString(name, text);
        }
    }

    private static string Utc(DateTime time) => time.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private static object ReadValue(JsonElement json, string type) => (json.ValueKind, type) switch
    {
        (JsonValueKind.Null, _) => null,
        (JsonValueKind.True or JsonValueKind.False, _) => json.GetBoolean(),
        (JsonValueKind.Number, "Edm.Double") => json.GetDouble(),
        (JsonValueKind.Number, "Edm.Int64") => json.GetInt64(),
        (JsonValueKind.Number, _) => json.TryGetInt32(out var number) ? (object)number : json.GetDouble(),
        (_, "Edm.Int64") => long.Parse(json.GetString(), CultureInfo.InvariantCulture),
        (_, "Edm.Double") => double.Parse(json.GetString(), CultureInfo.InvariantCulture),
        (_, "Edm.Guid") => json.GetGuid(),
        (_, "Edm.DateTime") => DateTimeOffset.Parse(json.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
        (_, "Edm.Binary") => json.GetBytesFromBase64(),
        _ => json.GetString(),
    };

    private static object Convert(object value, Type type) => value switch
    {
        string text when type.IsEnum => Enum.Parse(type, text),
        DateTimeOffset time when type == typeof(DateTime) => time.UtcDateTime,
        byte[] bytes when type == typeof(BinaryData) => new BinaryData(bytes),
        long number when type == typeof(ulong) => unchecked((ulong)number),
        int number when type == typeof(long) => (long)number,
        int number when type == typeof(double) => (double)number,
        _ when type.IsInstanceOfType(value) => value,
        _ => throw new InvalidOperationException($"The stored value is a {value.GetType()}, the property is a {type}."),
    };
}
