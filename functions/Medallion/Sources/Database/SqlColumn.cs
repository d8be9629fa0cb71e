using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>How a value travels from the driver into DuckDB.</summary>
internal enum Wire
{
    /// <summary>A whole number of up to 64 bits.</summary>
    Integer,

    /// <summary>A binary floating-point number.</summary>
    Real,

    /// <summary>Text in UTF-8.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Bytes,
}

/// <summary>A column of a database, and what becomes of it in bronze.</summary>
internal sealed record SqlColumn
{
    /// <summary>Its name in the database.</summary>
    public required string Source { get; init; }

    /// <summary>Its name in bronze.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its type, in the database's words.</summary>
    public required string SourceType { get; init; }

    /// <summary>SQL of the database that gives what travels; <c>{0}</c> stands for the column.</summary>
    public string Select { get; init; } = "{0}";

    /// <summary>How it travels.</summary>
    public Wire Wire { get; init; } = Wire.Text;

    /// <summary>Its type in bronze.</summary>
    public string Type { get; init; } = "VARCHAR";

    /// <summary>SQL of DuckDB that makes the value of what travelled; <c>{0}</c> stands for that. Null where it cannot be held by the type.</summary>
    public string Value { get; init; } = "{0}";

    /// <summary>Whether some values of the source cannot be held by the type: a row with one is kept as text, and rejected.</summary>
    public bool IsPartial { get; init; }

    /// <summary>Whether it is a date or a time of day and date, from which a length of time can be taken.</summary>
    public bool IsTime { get; init; }

    /// <summary>Whether ranges of it can be cut: a number, a date or a time.</summary>
    public bool IsRanged { get; init; }

    /// <summary>The column that holds what travelled, in the session's table of a batch.</summary>
    public string WireType => Wire switch { Wire.Integer => "BIGINT", Wire.Real => "DOUBLE", Wire.Bytes => "BLOB", _ => "VARCHAR" };

    /// <summary>Days since 2000-01-01 as a date. The calendar's ends stand for the infinite; what a table's readers cannot hold is null.</summary>
    public const string DateOfDays =
        "case when {0} = 2147483647 then DATE '9999-12-31' when {0} = -2147483648 then DATE '0001-01-01' when {0} between -730119 and 2921939 then DATE '2000-01-01' + {0}::integer end";

    /// <summary>Microseconds since 2000-01-01 as a time, in the same way.</summary>
    public const string TimeOfMicroseconds =
        "case when {0} = 9223372036854775807 then TIMESTAMPTZ '9999-12-31 23:59:59.999999+00' when {0} = -9223372036854775808 then TIMESTAMPTZ '0001-01-01 00:00:00+00' "
        + "when {0} between -63082281600000000 and 252455615999999999 then make_timestamp({0} + 946684800000000)::timestamptz end";

    /// <summary>The column as SQL of bronze.</summary>
    public string ToSql(string wire) => $"{Format(Value, wire)} as {Sql.Identifier(Name)}";

    /// <summary>Puts a column in the place of <c>{0}</c>.</summary>
    public static string Format(string template, string column) => template.Replace("{0}", column, StringComparison.Ordinal);
}
