using Pipeline.Medallion.Tests.Definitions;

namespace Pipeline.Medallion.Tests.Schemas.Sources;

public sealed class SchemaFileTests(MedallionFixture medallion)
{
    private const string Yaml = "name: shop\nsources:\n  sales:\n    connector: file\n    path: shop/sales.csv\n    schema: schemas/sales.json\n";

    private const string Sales = """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "type": "object",
          "required": ["TransactionID", "day", "maybe"],
          "properties": {
            "TransactionID": {"type": "string", "pattern": "^TXN[0-9]+$", "description": "The receipt."},
            "day": {"type": "string", "format": "date"},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "quantity": {"type": "integer", "minimum": 1, "maximum": 100},
            "price": {"type": "number", "multipleOf": 0.01, "minimum": 0.5},
            "weight": {"type": "number"},
            "tax": {"type": "number", "x-type": "decimal(9,3)"},
            "paid": {"type": "boolean", "default": false},
            "channel": {"type": ["string", "null"], "enum": ["web", "shop", null]},
            "rating": {"type": "integer", "enum": [1, 2, 3]},
            "maybe": {"type": ["integer", "null"]},
            "tags": {"type": "array", "x-type": "varchar"}
          }
        }
        """;

    [Fact]
    public void Compile_SchemaFile_PropertiesBecomeColumns()
    {
        var source = Assert.Single(TestDefinition.Compile(medallion, Yaml, ("schemas/sales.json", Sales)).Definition.Sources);

        Assert.Equal(
            [
                "transaction_id from TransactionID VARCHAR required /^TXN[0-9]+$/ 'The receipt.' schemas/sales.json:6",
                "day from day DATE required schemas/sales.json:7",
                "at from at TIMESTAMP WITH TIME ZONE schemas/sales.json:8",
                "quantity from quantity BIGINT 1..100 schemas/sales.json:9",
                "price from price DECIMAL(18,2) 0.5.. schemas/sales.json:10",
                "weight from weight DOUBLE schemas/sales.json:11",
                "tax from tax DECIMAL(9,3) schemas/sales.json:12",
                "paid from paid BOOLEAN =false schemas/sales.json:13",
                "channel from channel VARCHAR [web,shop] schemas/sales.json:14",
                "rating from rating BIGINT [1,2,3] schemas/sales.json:15",
                "maybe from maybe BIGINT schemas/sales.json:16",
                "tags from tags VARCHAR schemas/sales.json:17",
            ],
            source.Columns.Select(c => string.Join(' ', new[]
            {
                c.Name, $"from {c.From}", c.Type, c.Required ? "required" : "", c.Min is null && c.Max is null ? "" : $"{c.Min}..{c.Max}", c.In.Count == 0 ? "" : $"[{string.Join(',', c.In)}]",
                c.Pattern is null ? "" : $"/{c.Pattern}/", c.Default is null ? "" : $"={c.Default}", c.Description is null ? "" : $"'{c.Description}'", $"{c.Line}",
            }.Where(part => part.Length > 0))));
    }

    [Fact]
    public void Compile_ColumnsBesideSchemaFile_AddToItAndOverrideIt()
    {
        var yaml = Yaml + "    key: [id]\n    columns:\n      id: {from: TransactionID, type: varchar, required: true}\n      quantity: {type: double}\n      year: {expr: \"left(day, 4)\", type: bigint}\n";

        var columns = Assert.Single(TestDefinition.Compile(medallion, yaml, ("schemas/sales.json", Sales)).Definition.Sources).Columns;

        Assert.Equal(["day", "at", "price", "weight", "tax", "paid", "channel", "rating", "maybe", "tags", "id", "quantity", "year"], columns.Select(c => c.Name));
        Assert.Equal("DOUBLE", columns.Single(c => c.Name == "quantity").Type);
    }

    [Theory]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}}""", "property 'a' has the keyword 'minLength', which a source cannot be held to: expected one of type, format")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string"}}, "patternProperties": {}}""", "the schema has the keyword 'patternProperties'")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "object"}}}""", "property 'a' has the type object: expected one of string, integer, number, boolean, with or without null, or 'x-type'")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": ["string", "integer"]}}}""", "property 'a' has the type string or integer")]
    [InlineData("""{"type": "object", "properties": {"a": {}}}""", "property 'a' has no type")]
    [InlineData("""{"type": "object", "properties": {"a": true}}""", "property 'a' is true: expected an object that says its type")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string", "format": "email"}}}""", "property 'a' has the format \"email\": expected \"date\" or \"date-time\"")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "number", "multipleOf": 0.05}}}""", "property 'a' is a multiple of 0.05: expected 1, 0.1, 0.01 and so on")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "integer", "multipleOf": 5}}}""", "property 'a' has 'multipleOf': expected it of a \"number\" only")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "number", "x-type": "money"}}}""", "column 'a': Catalog error: Type with name money does not exist")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]}""", "'required' names 'b', which is not one of the properties: a")]
    [InlineData("""{"type": "object", "properties": {"aB": {"type": "integer"}, "a_b": {"type": "integer"}}}""", "the properties 'aB' and 'a_b' would both be the column 'a_b'")]
    [InlineData("""{"type": "object", "additionalProperties": {}, "properties": {"a": {"type": "integer"}}}""", "'additionalProperties' is {}: expected true or false")]
    [InlineData("""{"type": "array", "properties": {"a": {"type": "integer"}}}""", "the schema's 'type' is \"array\": expected \"object\"")]
    [InlineData("""{"type": "object"}""", "the schema has no 'properties'")]
    [InlineData("""{"type": "strin"}""", "Invalid schema:")]
    [InlineData("{", "Invalid schema: it is not JSON")]
    [InlineData("true", "the schema is true or false: expected an object")]
    public void Compile_BadSchemaFile_IsRefusedWithFile(string schema, string expected)
    {
        var problem = TestDefinition.Problem(medallion, Yaml, ("schemas/sales.json", schema));

        Assert.StartsWith($"schemas/sales.json:1: {expected}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_SchemaFileMissing_IsRefusedWithLine()
    {
        Assert.StartsWith(
            "pipeline.yaml:6: source 'sales' has the schema 'schemas/sales.json', which is not there: expected schemas/sale.json",
            TestDefinition.Problem(medallion, Yaml, ("schemas/sale.json", Sales)),
            StringComparison.Ordinal);
        Assert.Contains("expected a file schemas/NAME.json of the pipeline's folder", TestDefinition.Problem(medallion, Yaml), StringComparison.Ordinal);
    }
}
