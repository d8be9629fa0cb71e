using System.Globalization;
using Pipeline.Medallion.Schemas;

namespace Pipeline.Medallion.Tests.Schemas;

public sealed class SchemaDocumentTests
{
    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}}}""", """{ "properties": { "a": { "type": "string" } }, "type": "object" }""", true)]
    [InlineData("""{"maximum":1}""", """{"maximum":1.0}""", true)]
    [InlineData("""{"maximum":100}""", """{"maximum":1e2}""", true)]
    [InlineData("""{"title":"\u0041"}""", """{"title":"A"}""", true)]
    [InlineData("""{"maximum":12345678901234567890123456789}""", """{"maximum":12345678901234567890123456788}""", false)]
    [InlineData("""{"maximum":1e-40}""", """{"maximum":0}""", false)]
    [InlineData("""{"enum":["a","b"]}""", """{"enum":["b","a"]}""", false)]
    [InlineData("""{"title":"a"}""", """{"title":"b"}""", false)]
    [InlineData("true", "false", false)]
    public void Hash_SameSchemaInAnotherSpelling_IsTheSame(string one, string other, bool same) =>
        Assert.Equal(same, SchemaDocument.Parse(one).Hash == SchemaDocument.Parse(other).Hash);

    [Theory]
    [InlineData("customer_data")]
    [InlineData("sales_transactions")]
    public void Parse_SchemasOfClientSales_AreSchemas(string name)
    {
        var text = System.IO.File.ReadAllText(Path.Combine(MedallionFixture.ShippedPipelines, "client-sales", "schemas", $"{name}.json"));

        Assert.NotEmpty(SchemaDocument.Parse(text).Hash);
    }

    [Theory]
    [InlineData(null, "it is empty")]
    [InlineData(" ", "it is empty")]
    [InlineData("{", "it is not JSON")]
    [InlineData("""{"type":"string","type":"object"}""", "it is not JSON")]
    [InlineData("[]", "at # expected an object, true or false")]
    [InlineData("\"string\"", "at # expected an object")]
    [InlineData("""{"type":"strin"}""", "at # 'type' is 'strin'")]
    [InlineData("""{"type":[]}""", "'type' is an empty list")]
    [InlineData("""{"type":1}""", "'type' is neither a string nor a list")]
    [InlineData("""{"properties":{"a/b":{"type":"strin"}}}""", "at #/properties/a~1b 'type' is 'strin'")]
    [InlineData("""{"properties":[]}""", "'properties' is not an object")]
    [InlineData("""{"required":"a"}""", "'required' is not a list of names")]
    [InlineData("""{"required":[1]}""", "'required' is not a list of names")]
    [InlineData("""{"enum":[]}""", "'enum' is not a list of values")]
    [InlineData("""{"allOf":[]}""", "at #/allOf expected a list of schemas")]
    [InlineData("""{"prefixItems":{}}""", "'prefixItems' is not a list of schemas")]
    [InlineData("""{"maximum":"1"}""", "'maximum' is not a number")]
    [InlineData("""{"type":"string","pattern":1}""", "'pattern' is not a string")]
    [InlineData("""{"patternProperties":{"(":{}}}""", "is not a regular expression")]
    [InlineData("""{"$ref":1}""", "'$ref' is not a string")]
    [InlineData("""{"$ref":"#/definitions/none"}""", "'$ref' leads nowhere")]
    [InlineData("""{"$ref":"http://example.org/schema"}""", "'$ref' leads nowhere")]
    [InlineData("""{"$ref":"#"}""", "the '$ref' leads back to itself")]
    [InlineData("""{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}""", "leads back to itself")]
    public void Parse_NoSchema_IsToldWhy(string? text, string reason)
    {
        var error = Assert.Throws<SchemaRegistryException>(() => SchemaDocument.Parse(text));

        Assert.Equal(42201, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NestedTooDeeply_IsRefused()
    {
        var text = string.Concat(Enumerable.Repeat("""{"not":""", 5000)) + "{}" + new string('}', 5000);

        Assert.Equal(42201, Assert.Throws<SchemaRegistryException>(() => SchemaDocument.Parse(text)).Code);
    }

    [Fact]
    public void Parse_LargerThanARow_IsRefused()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $$"""{"title":"{{new string('é', SchemaDocument.LimitBytes / 2)}}"}""");

        Assert.Equal(42209, Assert.Throws<SchemaRegistryException>(() => SchemaDocument.Parse(text)).Code);
    }

    [Fact]
    public void Compare_ChainOfReferencesTooDeep_IsRefusedOrAnswered()
    {
        var definitions = string.Join(',', Enumerable.Range(0, 9000).Select(i => $$"""
            "d{{i}}":{"properties":{"n":{"$ref":"#/definitions/d{{i + 1}}"} } }
            """));
        var schema = SchemaDocument.Parse($$"""{"$ref":"#/definitions/d0","definitions":{ {{definitions}},"d9000":{} } }""");

        var refused = Record.Exception(() => CompatibilityCheck.Run(schema, [(1, schema)], CompatibilityMode.Full));

        Assert.True(refused is null or SchemaRegistryException { Code: 42201 }, $"{refused}");
    }
}
