namespace Pipeline.Lakehouse.Delta;

/// <summary>The type of a column, as the Delta specification's "Schema Serialization Format" has it.</summary>
public abstract record DeltaType
{
    private protected DeltaType()
    {
    }

    /// <summary>The type as the log writes it: a bare name such as <c>decimal(18,4)</c>, or the JSON of a nested type.</summary>
    public sealed override string ToString() => this is PrimitiveType primitive ? primitive.Name : DeltaSchemaJson.Text(this);
}

/// <summary>boolean, byte, short, integer, long, float, double, decimal(p,s), string, binary, date or timestamp.</summary>
public sealed record PrimitiveType(string Name) : DeltaType;

/// <summary>A list.</summary>
public sealed record ArrayType(DeltaType Element, bool ContainsNull = true) : DeltaType;

/// <summary>Keys, never null, with a value each.</summary>
public sealed record MapType(DeltaType Key, DeltaType Value, bool ValueContainsNull = true) : DeltaType;

/// <summary>Named fields.</summary>
public sealed record StructType(DeltaSchema Schema) : DeltaType;
