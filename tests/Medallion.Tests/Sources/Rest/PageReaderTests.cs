using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.Rest;

public sealed class PageReaderTests
{
    private static readonly RestDefinition Rest = new() { Connection = "shop", Path = "orders", Records = "data.items", Pages = new RestPaging { By = PageBy.Cursor, Parameter = "after", Next = "meta.next", More = "meta.more" } };

    [Theory]
    [InlineData(10)]
    [InlineData(200_000)]
    [InlineData(9_000_000)]
    [InlineData(17_000_000)]
    public void Read_RecordOfAnyLength_IsTaken(int length)
    {
        var (content, lines) = Read($$$"""{"meta": {"next": 12, "more": true}, "data": {"items": [{"a": [{"t": "{{{new string('x', length)}}}"}, 1]}, {"b": "äöü"}]}}""");

        Assert.Equal((2, "12", true), (content.Records, content.Next, content.More));
        Assert.Equal(length < 16 << 20 ? length + 25 : 42, lines[0].Length);
        Assert.Equal("7\u001e2\u001e{\"b\": \"äöü\"}", lines[1]);
    }

    [Fact]
    public void Read_TextThatIsNoUtf8_IsATextThatPeopleCanRead()
    {
        var (content, lines) = Read([.. Encoding.UTF8.GetBytes("""{"data": {"items": [{"a": "x"""), 0xFF, .. Encoding.UTF8.GetBytes("\"}, {\"b\": 1}]}}")]);

        Assert.Equal(2, content.Records);
        Assert.Equal("7\u001e1\u001e\"{\\u0022a\\u0022: \\u0022x\\uFFFD\\u0022}\"", lines[0]);
    }

    [Fact]
    public void Read_CutAnywhere_BreaksOff()
    {
        const string json = """{"meta": {"next": null}, "data": {"items": [{"a": 1}, [2], "three", -4.5e6, true]}, "end": [{}]}""";
        for (var length = 1; length < json.Length; length++)
        {
            Assert.Throws<TransientException>(() => Read(json[..length]));
        }

        Assert.Equal(5, Read(json).Content.Records);
    }

    private static (PageContent Content, string[] Lines) Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    private static (PageContent Content, string[] Lines) Read(byte[] json)
    {
        var file = Path.GetTempFileName();
        try
        {
            System.IO.File.WriteAllBytes(file, json);
            using var target = new MemoryStream();
            using var reader = new PageReader(Rest, "Page 7", 7, target, text => text);
            var content = reader.Read(file, isProven: false);
            return (content, Encoding.UTF8.GetString(target.ToArray()).TrimEnd('\n').Split('\n'));
        }
        finally
        {
            System.IO.File.Delete(file);
        }
    }
}
