using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.Rest;

public sealed class LinkHeaderTests
{
    [Theory]
    [InlineData("<https://a.b/c?page=2>; rel=\"next\"", "https://a.b/c?page=2")]
    [InlineData("<https://a.b/c?page=1>; rel=\"prev\", <https://a.b/c?x=1,2;3>; title=\"a; rel=next\"; rel=next", "https://a.b/c?x=1,2;3")]
    [InlineData("</c?page=2>;rel=\"last Next\";type=x", "/c?page=2")]
    [InlineData("<https://a.b/c>; rel=\"nextish\"", null)]
    [InlineData("<https://a.b/c>; title=\"x, <d>; rel=next\"", null)]
    [InlineData("nothing", null)]
    public void Next_Header_GivesTheUrl(string header, string? expected) => Assert.Equal(expected, LinkHeader.Next(header));
}
