using System.Collections;
using System.Data.Common;
using System.Data.SqlTypes;
using System.Globalization;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>Rows of a result as bulk copies take them.</summary>
/// <param name="rows">Gives the rows.</param>
internal sealed class ChunkReader(DuckDbResult rows) : DbDataReader
{
    /// <inheritdoc/>
    public override int FieldCount => rows.Columns.Count;

    /// <inheritdoc/>
    public override int Depth => 0;

    /// <inheritdoc/>
    public override bool HasRows => true;

    /// <inheritdoc/>
    public override bool IsClosed => false;

    /// <inheritdoc/>
    public override int RecordsAffected => -1;

    /// <inheritdoc/>
    public override object this[int ordinal] => GetValue(ordinal);

    /// <inheritdoc/>
    public override object this[string name] => GetValue(GetOrdinal(name));

    /// <inheritdoc/>
    public override bool Read() => rows.Read();

    /// <inheritdoc/>
    public override bool NextResult() => false;

    /// <inheritdoc/>
    public override object GetValue(int ordinal) => rows[ordinal] switch
    {
        null => DBNull.Value,
        DateOnly day => day.ToDateTime(TimeOnly.MinValue),

        // What is longer than a decimal of .NET is text.
        string number when rows.Columns[ordinal].Type.StartsWith("DECIMAL", StringComparison.Ordinal) => SqlDecimal.Parse(number),
        var value => value,
    };

    /// <inheritdoc/>
    public override int GetValues(object[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var count = Math.Min(values.Length, FieldCount);
        for (var at = 0; at < count; at++)
        {
            values[at] = GetValue(at);
        }

        return count;
    }

    /// <inheritdoc/>
    public override bool IsDBNull(int ordinal) => rows[ordinal] is null;

    /// <inheritdoc/>
    public override string GetName(int ordinal) => rows.Columns[ordinal].Name;

    /// <inheritdoc/>
    public override int GetOrdinal(string name) =>
        rows.Columns.Index().Where(c => string.Equals(c.Item.Name, name, StringComparison.OrdinalIgnoreCase)).Select(c => (int?)c.Index).FirstOrDefault() ?? throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such column.");

    /// <inheritdoc/>
    public override Type GetFieldType(int ordinal) => rows.Columns[ordinal].Type switch
    {
        "BOOLEAN" => typeof(bool),
        "SMALLINT" => typeof(short),
        "INTEGER" => typeof(int),
        "BIGINT" => typeof(long),
        "FLOAT" => typeof(float),
        "DOUBLE" => typeof(double),
        "BLOB" => typeof(byte[]),
        "DATE" => typeof(DateTime),
        "TIMESTAMP WITH TIME ZONE" => typeof(DateTimeOffset),
        var type when type.StartsWith("DECIMAL", StringComparison.Ordinal) => typeof(decimal),
        _ => typeof(string),
    };

    /// <inheritdoc/>
    public override string GetDataTypeName(int ordinal) => rows.Columns[ordinal].Type;

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    /// <inheritdoc/>
    public override bool GetBoolean(int ordinal) => (bool)GetValue(ordinal);

    /// <inheritdoc/>
    public override byte GetByte(int ordinal) => Convert.ToByte(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override char GetChar(int ordinal) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override DateTime GetDateTime(int ordinal) => (DateTime)GetValue(ordinal);

    /// <inheritdoc/>
    public override decimal GetDecimal(int ordinal) => Convert.ToDecimal(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override double GetDouble(int ordinal) => (double)GetValue(ordinal);

    /// <inheritdoc/>
    public override float GetFloat(int ordinal) => (float)GetValue(ordinal);

    /// <inheritdoc/>
    public override Guid GetGuid(int ordinal) => (Guid)GetValue(ordinal);

    /// <inheritdoc/>
    public override short GetInt16(int ordinal) => (short)GetValue(ordinal);

    /// <inheritdoc/>
    public override int GetInt32(int ordinal) => (int)GetValue(ordinal);

    /// <inheritdoc/>
    public override long GetInt64(int ordinal) => (long)GetValue(ordinal);

    /// <inheritdoc/>
    public override string GetString(int ordinal) => (string)GetValue(ordinal);

    /// <inheritdoc/>
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length)
    {
        var bytes = (byte[])GetValue(ordinal);
        return buffer is null ? bytes.Length : Copied(bytes, dataOffset, buffer, bufferOffset, length);
    }

    /// <inheritdoc/>
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length)
    {
        var text = GetString(ordinal);
        return buffer is null ? text.Length : Copied(text.ToCharArray(), dataOffset, buffer, bufferOffset, length);
    }

    private static long Copied<T>(T[] value, long from, T[] buffer, int to, int length)
    {
        var count = (int)Math.Min(length, value.Length - from);
        Array.Copy(value, from, buffer, to, Math.Max(0, count));
        return Math.Max(0, count);
    }
}
