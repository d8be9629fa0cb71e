using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>A logical type, read once per result so that values need no further call into the library.</summary>
internal sealed record DuckDbType
{
    public required TypeId Id { get; init; }

    /// <summary>How a vector holds it; differs from <see cref="Id"/> for DECIMAL and ENUM.</summary>
    public required TypeId StorageId { get; init; }

    public string? Alias { get; init; }

    public byte Width { get; init; }

    public byte Scale { get; init; }

    /// <summary>Of an ARRAY: values per row.</summary>
    public int Length { get; init; }

    public IReadOnlyList<string> EnumValues { get; init; } = [];

    /// <summary>Fields of a STRUCT, key and value of a MAP, the one element of a LIST or ARRAY.</summary>
    public IReadOnlyList<(string Name, DuckDbType Type)> Children { get; init; } = [];

    public static DuckDbType Read(LogicalTypeHandle native)
    {
        using (native)
        {
            var id = NativeMethods.GetTypeId(native);
            var type = new DuckDbType { Id = id, StorageId = id, Alias = NativeText.Owned(NativeMethods.LogicalTypeGetAlias(native)) };
            return id switch
            {
                TypeId.Decimal => type with
                {
                    StorageId = NativeMethods.DecimalInternalType(native),
                    Width = NativeMethods.DecimalWidth(native),
                    Scale = NativeMethods.DecimalScale(native),
                },
                TypeId.Enum => type with { StorageId = NativeMethods.EnumInternalType(native), EnumValues = ReadEnum(native) },
                TypeId.List => type with { Children = [("", Read(NativeMethods.ListTypeChildType(native)))] },
                TypeId.Array => type with
                {
                    Length = checked((int)NativeMethods.ArrayTypeArraySize(native)),
                    Children = [("", Read(NativeMethods.ArrayTypeChildType(native)))],
                },
                TypeId.Map => type with
                {
                    Children = [("key", Read(NativeMethods.MapTypeKeyType(native))), ("value", Read(NativeMethods.MapTypeValueType(native)))],
                },
                TypeId.Struct => type with { Children = ReadFields(native) },
                _ => type,
            };
        }
    }

    public override string ToString() => Alias ?? Id switch
    {
        TypeId.TimestampTz => "TIMESTAMP WITH TIME ZONE",
        TypeId.TimeTz => "TIME WITH TIME ZONE",
        TypeId.TimestampS => "TIMESTAMP_S",
        TypeId.TimestampMs => "TIMESTAMP_MS",
        TypeId.TimestampNs => "TIMESTAMP_NS",
        TypeId.SqlNull => "\"NULL\"",
        TypeId.Decimal => $"DECIMAL({Width},{Scale})",
        TypeId.Enum => $"ENUM({string.Join(", ", EnumValues.Select(Sql.Literal))})",
        TypeId.List => $"{Children[0].Type}[]",
        TypeId.Array => $"{Children[0].Type}[{Length}]",
        TypeId.Map => $"MAP({Children[0].Type}, {Children[1].Type})",
        TypeId.Struct => $"STRUCT({string.Join(", ", Children.Select(Field))})",
        _ => Id.ToString().ToUpperInvariant(),
    };

    private static string Field((string Name, DuckDbType Type) field) => field.Name.Length == 0 ? $"{field.Type}" : $"{Sql.Bare(field.Name)} {field.Type}";

    private static string[] ReadEnum(LogicalTypeHandle native)
    {
        var values = new string[NativeMethods.EnumDictionarySize(native)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = NativeText.Owned(NativeMethods.EnumDictionaryValue(native, (ulong)i)) ?? "";
        }

        return values;
    }

    private static (string Name, DuckDbType Type)[] ReadFields(LogicalTypeHandle native)
    {
        var fields = new (string, DuckDbType)[NativeMethods.StructTypeChildCount(native)];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = (NativeText.Owned(NativeMethods.StructTypeChildName(native, (ulong)i)) ?? "", Read(NativeMethods.StructTypeChildType(native, (ulong)i)));
        }

        return fields;
    }
}
