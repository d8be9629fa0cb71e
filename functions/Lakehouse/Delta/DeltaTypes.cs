using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The one table of types: DuckDB's and Delta's.</summary>
public static partial class DeltaTypes
{
    private const int MaxPrecision = 38;

    // What DuckDB writes to Parquet as Delta wants it; DECIMAL(p,s), lists, maps and structs are besides.
    private static readonly Dictionary<string, string> Same = new()
    {
        ["BOOLEAN"] = "boolean",
        ["TINYINT"] = "byte",
        ["SMALLINT"] = "short",
        ["INTEGER"] = "integer",
        ["BIGINT"] = "long",
        ["FLOAT"] = "float",
        ["DOUBLE"] = "double",
        ["VARCHAR"] = "string",
        ["BLOB"] = "binary",
        ["DATE"] = "date",
        ["TIMESTAMP WITH TIME ZONE"] = "timestamp",
    };

    // What becomes another type on the way out, without loss.
    private static readonly Dictionary<string, string> Converted = new()
    {
        ["UTINYINT"] = "short",
        ["USMALLINT"] = "integer",
        ["UINTEGER"] = "long",
        ["UBIGINT"] = "decimal(20,0)",
        ["HUGEINT"] = "decimal(38,0)",
        ["TIMESTAMP"] = "timestamp",
        ["TIMESTAMP_S"] = "timestamp",
        ["TIMESTAMP_MS"] = "timestamp",
        ["ENUM"] = "string",
        ["JSON"] = "string",
    };

    // What has no place in a table; the cast is a proposal.
    private static readonly Dictionary<string, string> Proposed = new()
    {
        ["UHUGEINT"] = "DECIMAL(38,0)",
        ["TIMESTAMP_NS"] = "TIMESTAMPTZ",
        ["\"NULL\""] = "INTEGER, or whatever type is meant",
    };

    private static readonly HashSet<string> PartitionTypes = ["string", "byte", "short", "integer", "long", "boolean", "date", "timestamp"];

    /// <summary>The Delta type of a DuckDB type as DuckDB writes it.</summary>
    /// <exception cref="TerminalException">There is none; the message names the column, the type and the cast to write.</exception>
    public static DeltaType FromDuckDb(string column, string type) => new DuckDbTypeText(column, type).Parse();

    /// <summary>The DuckDB type that holds a Delta type's values.</summary>
    public static string ToDuckDb(DeltaType type) => type switch
    {
        PrimitiveType primitive => Same.FirstOrDefault(pair => pair.Value == primitive.Name).Key ?? primitive.Name.ToUpperInvariant(),
        ArrayType array => $"{ToDuckDb(array.Element)}[]",
        MapType map => $"MAP({ToDuckDb(map.Key)}, {ToDuckDb(map.Value)})",
        StructType { Schema: var schema } => $"STRUCT({string.Join(", ", schema.Fields.Select(field => $"{Sql.Identifier(field.Name)} {ToDuckDb(field.Type)}"))})",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>The SELECT list that gives every column the type it has in a table: HUGEINT as DECIMAL(38,0), UINTEGER as BIGINT, TIMESTAMP as
    /// TIMESTAMPTZ …</summary>
    /// <exception cref="TerminalException">A column has a type that no table can hold.</exception>
    public static string Normalise(IReadOnlyList<DuckDbColumn> columns) => string.Join(", ", columns.Select(column =>
    {
        var name = Sql.Identifier(column.Name);
        var type = ToDuckDb(FromDuckDb(column.Name, column.Type));
        return type == column.Type ? name : $"CAST({name} AS {type}) AS {name}";
    }));

    internal static bool CanPartition(DeltaType type) => type is PrimitiveType { Name: var name } && (PartitionTypes.Contains(name) || DecimalName().IsMatch(name));

    internal static bool IsDecimal(DeltaType type, out int precision, out int scale)
    {
        var match = DecimalName().Match((type as PrimitiveType)?.Name ?? "");
        (precision, scale) = match.Success
            ? (int.Parse(match.Groups["precision"].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups["scale"].ValueSpan, CultureInfo.InvariantCulture))
            : (0, 0);
        return match.Success;
    }

    internal static PrimitiveType Primitive(string name) => Same.ContainsValue(name) || DecimalName().IsMatch(name)
        ? new PrimitiveType(name)
        : throw new TerminalException($"The table's schema has the type '{name}', which is not known here.");

    internal static DeltaType Primitive(string column, string type)
    {
        if (Same.TryGetValue(type, out var name) || Converted.TryGetValue(type, out name))
        {
            return new PrimitiveType(name);
        }

        throw new TerminalException($"The column '{column}' is a {type}, which a table cannot hold. Write CAST({Sql.Identifier(column)} AS "
            + $"{Proposed.GetValueOrDefault(type, "VARCHAR")}) in the select.");
    }

    internal static PrimitiveType Decimal(int precision, int scale) =>
        new(string.Create(CultureInfo.InvariantCulture, $"decimal({Math.Min(precision, MaxPrecision)},{scale})"));

    [GeneratedRegex(@"^decimal\((?<precision>\d{1,2}),(?<scale>\d{1,2})\)$", RegexOptions.ExplicitCapture)]
    private static partial Regex DecimalName();
}
