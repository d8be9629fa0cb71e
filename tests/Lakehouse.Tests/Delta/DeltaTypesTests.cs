using Pipeline.Lakehouse.Delta;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaTypesTests
{
    [Theory]
    [InlineData("BOOLEAN", "boolean", "BOOLEAN")]
    [InlineData("TINYINT", "byte", "TINYINT")]
    [InlineData("SMALLINT", "short", "SMALLINT")]
    [InlineData("INTEGER", "integer", "INTEGER")]
    [InlineData("BIGINT", "long", "BIGINT")]
    [InlineData("UTINYINT", "short", "SMALLINT")]
    [InlineData("USMALLINT", "integer", "INTEGER")]
    [InlineData("UINTEGER", "long", "BIGINT")]
    [InlineData("UBIGINT", "decimal(20,0)", "DECIMAL(20,0)")]
    [InlineData("HUGEINT", "decimal(38,0)", "DECIMAL(38,0)")]
    [InlineData("FLOAT", "float", "FLOAT")]
    [InlineData("DOUBLE", "double", "DOUBLE")]
    [InlineData("DECIMAL(18,4)", "decimal(18,4)", "DECIMAL(18,4)")]
    [InlineData("VARCHAR", "string", "VARCHAR")]
    [InlineData("JSON", "string", "VARCHAR")]
    [InlineData("ENUM('a', 'it''s (b)')", "string", "VARCHAR")]
    [InlineData("BLOB", "binary", "BLOB")]
    [InlineData("DATE", "date", "DATE")]
    [InlineData("TIMESTAMP", "timestamp", "TIMESTAMP WITH TIME ZONE")]
    [InlineData("TIMESTAMP_S", "timestamp", "TIMESTAMP WITH TIME ZONE")]
    [InlineData("TIMESTAMP_MS", "timestamp", "TIMESTAMP WITH TIME ZONE")]
    [InlineData("TIMESTAMP WITH TIME ZONE", "timestamp", "TIMESTAMP WITH TIME ZONE")]
    [InlineData("INTEGER[]", """{"type":"array","elementType":"integer","containsNull":true}""", "INTEGER[]")]
    [InlineData("INTEGER[3]", """{"type":"array","elementType":"integer","containsNull":true}""", "INTEGER[]")]
    [InlineData("MAP(VARCHAR, UINTEGER[])", """{"type":"map","keyType":"string","valueType":{"type":"array","elementType":"long","containsNull":true},"valueContainsNull":true}""", "MAP(VARCHAR, BIGINT[])")]
    [InlineData("""STRUCT(a INTEGER, "b ""c" STRUCT(d DECIMAL(4,1))[])""",
        """{"type":"struct","fields":[{"name":"a","type":"integer","nullable":true,"metadata":{}},{"name":"b \"c","type":{"type":"array","elementType":{"type":"struct","fields":[{"name":"d","type":"decimal(4,1)","nullable":true,"metadata":{}}]},"containsNull":true},"nullable":true,"metadata":{}}]}""",
        """STRUCT("a" INTEGER, "b ""c" STRUCT("d" DECIMAL(4,1))[])""")]
    public void FromDuckDb_KnownType_MapsBothWays(string duckDb, string delta, string held)
    {
        var type = DeltaTypes.FromDuckDb("x", duckDb);
        Assert.Equal(delta, type.ToString());
        Assert.Equal(held, DeltaTypes.ToDuckDb(type));
        Assert.Equal(type, DeltaTypes.FromDuckDb("x", held));
        var schema = new DeltaSchema { Fields = [new DeltaField { Name = "x", Type = type }] };
        Assert.Equal(schema, DeltaSchema.FromJson(schema.ToJson()));
    }

    [Theory]
    [InlineData("UUID", "UUID", "CAST(\"x\" AS VARCHAR)")]
    [InlineData("TIME", "TIME", "CAST(\"x\" AS VARCHAR)")]
    [InlineData("TIME WITH TIME ZONE", "TIME WITH TIME ZONE", "CAST(\"x\" AS VARCHAR)")]
    [InlineData("INTERVAL", "INTERVAL", "CAST(\"x\" AS VARCHAR)")]
    [InlineData("BIT", "BIT", "CAST(\"x\" AS VARCHAR)")]
    [InlineData("UHUGEINT", "UHUGEINT", "CAST(\"x\" AS DECIMAL(38,0))")]
    [InlineData("TIMESTAMP_NS", "TIMESTAMP_NS", "CAST(\"x\" AS TIMESTAMPTZ)")]
    [InlineData("\"NULL\"", "\"NULL\"", "CAST(\"x\" AS INTEGER")]
    [InlineData("STRUCT(a UUID)", "UUID", "CAST(\"x\" AS VARCHAR)")]
    [InlineData("UNION(n INTEGER, s VARCHAR)", "UNION(n INTEGER, s VARCHAR)", "CAST(\"x\" AS VARCHAR)")]
    public void FromDuckDb_UnknownType_NamesColumnTypeAndCast(string duckDb, string named, string cast)
    {
        var refused = Assert.Throws<TerminalException>(() => DeltaTypes.FromDuckDb("x", duckDb));
        Assert.Contains($"'x' is a {named},", refused.Message, StringComparison.Ordinal);
        Assert.Contains(cast, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("STRUCT(a INTEGER")]
    [InlineData("MAP(VARCHAR)")]
    [InlineData("INTEGER[")]
    [InlineData("DECIMAL(x,2)")]
    [InlineData("STRUCT(\"a INTEGER)")]
    public void FromDuckDb_BrokenText_IsRefused(string duckDb) => Assert.Throws<TerminalException>(() => DeltaTypes.FromDuckDb("x", duckDb));

    [Fact]
    public void Normalise_MixedColumns_CastsOnlyWhatMustBe() => Assert.Equal(
        """
        "a", CAST("b c" AS DECIMAL(38,0)) AS "b c", CAST("t" AS TIMESTAMP WITH TIME ZONE) AS "t", "d"
        """,
        DeltaTypes.Normalise([new("a", "BIGINT"), new("b c", "HUGEINT"), new("t", "TIMESTAMP"), new("d", "DECIMAL(18,4)")]));

    [Fact]
    public void FromJson_OtherEnginesMetadata_ComesBackAsItWas()
    {
        const string json = """{"type":"struct","fields":[{"name":"a","type":"long","nullable":false,"metadata":{"comment":"ä \"x\"","delta.identity.start":5,"nested":{"x":[1]}}}]}""";
        var schema = DeltaSchema.FromJson(json);
        Assert.Equal("5", schema.Fields[0].Metadata["delta.identity.start"]);
        Assert.Equal(json, schema.ToJson());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[")]
    [InlineData("\"long\"")]
    [InlineData("""{"type":"struct","fields":[{"name":"a","type":"timestamp_ntz","nullable":true,"metadata":{}}]}""")]
    [InlineData("""{"type":"struct","fields":[{"name":"a","type":{"type":"tensor"},"nullable":true,"metadata":{}}]}""")]
    public void FromJson_NotASchemaWeKnow_IsRefused(string json) => Assert.Throws<TerminalException>(() => DeltaSchema.FromJson(json));
}
