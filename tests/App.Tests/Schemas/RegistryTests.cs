using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Pipeline.App.Tests.Schemas;

public sealed class RegistryTests(NorthwindApp northwind) : IDisposable
{
    private const string MediaType = "application/vnd.schemaregistry.v1+json";
    private const string Known = "errors-known";
    private static int subjects;
    private readonly HttpClient http = new() { BaseAddress = new Uri(northwind.App.Root, "registry/") };

    public void Dispose() => http.Dispose();

    [Fact]
    public async Task Subject_FromFirstVersionToLast_AnswersEveryPath()
    {
        var subject = FreshName();
        var (narrow, wide) = (Schema(subject, "integer"), Schema(subject, "number"));

        var id = (await OkAsync("POST", $"subjects/{subject}/versions", narrow)).GetProperty("id").GetInt32();
        Assert.Equal(id, (await OkAsync("POST", $"subjects/{subject}/versions", narrow)).GetProperty("id").GetInt32());
        var second = (await OkAsync("POST", $"subjects/{subject}/versions", wide)).GetProperty("id").GetInt32();

        Assert.Contains($"\"{subject}\"", (await OkAsync("GET", "subjects")).GetRawText(), StringComparison.Ordinal);
        await Answers("GET", $"subjects?subjectPrefix={subject}", null, $"""["{subject}"]""");
        await Answers("GET", $"subjects/{subject}/versions", null, "[1,2]");
        await Answers("GET", $"subjects/{subject}/versions/1", null, $$"""{"subject":"{{subject}}","version":1,"id":{{id}},"schemaType":"JSON","schema":{{Text(narrow)}} }""");
        await Answers("GET", $"subjects/{subject}/versions/latest", null, $$"""{"subject":"{{subject}}","version":2,"id":{{second}},"schemaType":"JSON","schema":{{Text(wide)}} }""");
        await Answers("GET", $"subjects/{subject}/versions/1/schema", null, JsonSerializer.Deserialize<string>(Text(narrow))!);
        await Answers("POST", $"subjects/{subject}", wide, $$"""{"subject":"{{subject}}","version":2,"id":{{second}},"schemaType":"JSON","schema":{{Text(wide)}} }""");
        await Answers("GET", $"schemas/ids/{id}", null, $$"""{"schemaType":"JSON","schema":{{Text(narrow)}} }""");
        await Answers("GET", $"schemas/ids/{id}/subjects", null, $"""["{subject}"]""");
        await Answers("GET", $"schemas/ids/{id}/versions", null, $$"""[{"subject":"{{subject}}","version":1}]""");
        await Answers("GET", "schemas/types", null, """["JSON"]""");
        await Answers("GET", "mode", null, """{"mode":"READWRITE"}""");

        await Answers("DELETE", $"subjects/{subject}/versions/1", null, "1");
        await RefusedAsync("GET", $"subjects/{subject}/versions/1", null, 404, 40402);
        await RefusedAsync("DELETE", $"subjects/{subject}/versions/1", null, 404, 40406);
        await RefusedAsync("DELETE", $"subjects/{subject}/versions/2?permanent=true", null, 404, 40407);
        await RefusedAsync("DELETE", $"subjects/{subject}?permanent=true", null, 404, 40405);
        await Answers("GET", $"subjects/{subject}/versions", null, "[2]");
        await Answers("GET", $"subjects/{subject}/versions?deleted=true", null, "[1,2]");
        await Answers("GET", $"schemas/ids/{id}/versions", null, "[]");
        await Answers("GET", $"schemas/ids/{id}/subjects?deleted=true", null, $"""["{subject}"]""");
        await Answers("DELETE", $"subjects/{subject}/versions/1?permanent=true", null, "1");
        await Answers("DELETE", $"subjects/{subject}", null, "[2]");
        await RefusedAsync("DELETE", $"subjects/{subject}", null, 404, 40404);
        await RefusedAsync("GET", $"subjects/{subject}/versions", null, 404, 40401);
        await Answers("GET", $"subjects?deleted=true&subjectPrefix={subject}", null, $"""["{subject}"]""");
        await Answers("DELETE", $"subjects/{subject}?permanent=true", null, "[2]");
        await RefusedAsync("GET", $"schemas/ids/{second}", null, 404, 40403);
    }

    [Fact]
    public async Task Compatibility_OfSubject_IsCheckedAndConfigured()
    {
        var subject = FreshName();
        await OkAsync("POST", $"subjects/{subject}/versions", Schema(subject, "integer"));
        var (wide, other) = (Schema(subject, "number"), Schema(subject, "string"));

        await Answers("POST", $"compatibility/subjects/{subject}/versions/latest", wide, """{"is_compatible":true}""");
        await Answers("POST", $"compatibility/subjects/{subject}/versions", other, """{"is_compatible":false}""");
        var verbose = await OkAsync("POST", $"compatibility/subjects/{subject}/versions/1?verbose=true", other);
        Assert.StartsWith("TYPE_CHANGED at #/properties/a: version 1 has", verbose.GetProperty("messages")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("TYPE_CHANGED", await RefusedAsync("POST", $"subjects/{subject}/versions", other, 409, 409), StringComparison.Ordinal);

        await RefusedAsync("GET", $"config/{subject}", null, 404, 40408);
        await RefusedAsync("DELETE", $"config/{subject}", null, 404, 40401);
        await Answers("GET", $"config/{subject}?defaultToGlobal=true", null, """{"compatibilityLevel":"BACKWARD_TRANSITIVE"}""");
        await Answers("PUT", $"config/{subject}", """{"compatibility":"forward"}""", """{"compatibility":"FORWARD"}""");
        await Answers("GET", $"config/{subject}", null, """{"compatibilityLevel":"FORWARD"}""");
        await Answers("POST", $"compatibility/subjects/{subject}/versions", wide, """{"is_compatible":false}""");
        await Answers("DELETE", $"config/{subject}", null, """{"compatibilityLevel":"FORWARD"}""");

        await Answers("GET", "config", null, """{"compatibilityLevel":"BACKWARD_TRANSITIVE"}""");
        await Answers("PUT", "config", """{"compatibility":"BACKWARD_TRANSITIVE"}""", """{"compatibility":"BACKWARD_TRANSITIVE"}""");
        await Answers("DELETE", "config", null, """{"compatibilityLevel":"BACKWARD_TRANSITIVE"}""");
    }

    [Fact]
    public async Task Register_DryRun_TellsAndWritesNothing()
    {
        var subject = FreshName();
        var (narrow, wide, other) = (Schema(subject, "integer"), Schema(subject, "number"), Schema(subject, "string"));

        await Answers("POST", $"subjects/{subject}/versions?dryRun=true", narrow, """{"version":1,"is_registered":false,"is_compatible":true,"messages":[]}""");
        await RefusedAsync("GET", $"subjects/{subject}/versions", null, 404, 40401);
        var id = (await OkAsync("POST", $"subjects/{subject}/versions", narrow)).GetProperty("id").GetInt32();
        await Answers("POST", $"subjects/{subject}/versions?dryRun=true", narrow, $$"""{"id":{{id}},"version":1,"is_registered":true,"is_compatible":true,"messages":[]}""");
        await Answers("POST", $"subjects/{subject}/versions?dryRun=true", wide, """{"version":2,"is_registered":false,"is_compatible":true,"messages":[]}""");
        var refused = """{"field":"#/properties/a","rule":"TYPE_CHANGED","old":"{\"type\":\"integer\"}","new":"{\"type\":\"string\"}","version":1,"direction":"BACKWARD"}""";
        await Answers("POST", $"subjects/{subject}/versions?dryRun=true", other, $$"""{"version":2,"is_registered":false,"is_compatible":false,"messages":[{{refused}}]}""");
        await Answers("GET", $"subjects/{subject}/versions", null, "[1]");
        await RefusedAsync("POST", $"subjects/{subject}/versions?dryRun=true", """{"schema":"[]","schemaType":"JSON"}""", 422, 42201);
    }

    [Theory]
    [InlineData("GET", "subjects/errors-none/versions", null, 404, 40401)]
    [InlineData("GET", "subjects/errors-none/versions/1", null, 404, 40401)]
    [InlineData("GET", "subjects/errors-known/versions/9", null, 404, 40402)]
    [InlineData("GET", "subjects/errors-known/versions/first", null, 422, 42202)]
    [InlineData("GET", "subjects/errors-known/versions/0/schema", null, 422, 42202)]
    [InlineData("DELETE", "subjects/errors-none", null, 404, 40401)]
    [InlineData("DELETE", "subjects/errors-known/versions/9", null, 404, 40402)]
    [InlineData("DELETE", "subjects/errors-known/versions/x", null, 422, 42202)]
    [InlineData("POST", "subjects/errors-none", """{"schema":"{}","schemaType":"JSON"}""", 404, 40401)]
    [InlineData("POST", "subjects/errors-known", """{"schema":"{\"title\":\"nowhere\"}","schemaType":"JSON"}""", 404, 40403)]
    [InlineData("GET", "schemas/ids/999999", null, 404, 40403)]
    [InlineData("GET", "schemas/ids/x", null, 404, 40403)]
    [InlineData("GET", "schemas/ids/999999/subjects", null, 404, 40403)]
    [InlineData("GET", "schemas/ids/999999/versions", null, 404, 40403)]
    [InlineData("POST", "subjects/errors-known/versions", """{"schema":"\"string\""}""", 422, 42201)]
    [InlineData("POST", "subjects/errors-known/versions", """{"schema":"{}","schemaType":"AVRO"}""", 422, 42201)]
    [InlineData("POST", "subjects/errors-known/versions", """{"schema":"x","schemaType":"PROTOBUF"}""", 422, 42201)]
    [InlineData("POST", "subjects/errors-known/versions", """{"schema":"{","schemaType":"JSON"}""", 422, 42201)]
    [InlineData("POST", "subjects/errors-known/versions", """{"schema":"{\"type\":\"strin\"}","schemaType":"JSON"}""", 422, 42201)]
    [InlineData("POST", "subjects/errors-known/versions", """{"schemaType":"JSON"}""", 422, 42201)]
    [InlineData("POST", "subjects/errors-known/versions", """{"schema":"{}","schemaType":"JSON","references":[{"name":"a","subject":"b","version":1}]}""", 422, 42201)]
    [InlineData("POST", "subjects/errors-known/versions", """{"scheme":"{}"}""", 422, 422)]
    [InlineData("POST", "subjects/errors-known/versions", "{", 422, 422)]
    [InlineData("POST", "subjects/errors%0A/versions", """{"schema":"{}","schemaType":"JSON"}""", 422, 42208)]
    [InlineData("POST", "compatibility/subjects/errors-none/versions/1", """{"schema":"{}","schemaType":"JSON"}""", 404, 40401)]
    [InlineData("POST", "compatibility/subjects/errors-known/versions/9", """{"schema":"{}","schemaType":"JSON"}""", 404, 40402)]
    [InlineData("POST", "compatibility/subjects/errors-known/versions/x", """{"schema":"{}","schemaType":"JSON"}""", 422, 42202)]
    [InlineData("POST", "compatibility/subjects/errors-known/versions", """{"schema":"[]","schemaType":"JSON"}""", 422, 42201)]
    [InlineData("PUT", "config", """{"compatibility":"SIDEWAYS"}""", 422, 42203)]
    [InlineData("PUT", "config/errors-known", "{}", 422, 42203)]
    [InlineData("GET", "config/errors-none", null, 404, 40408)]
    [InlineData("DELETE", "config/errors-none", null, 404, 40401)]
    public async Task Request_Wrong_IsToldByCode(string method, string path, string? body, int status, int code)
    {
        await OkAsync("POST", $"subjects/{Known}/versions", Schema(Known, "string"));

        await RefusedAsync(method, path, body, status, code);
    }

    [Fact]
    public async Task Register_Avro_IsToldWhatIsSupported() =>
        Assert.Contains("only \"schemaType\": \"JSON\" is supported", await RefusedAsync("POST", "subjects/any/versions", """{"schema":"\"string\""}""", 422, 42201), StringComparison.Ordinal);

    [Theory]
    [InlineData(null, MediaType)]
    [InlineData("*/*", MediaType)]
    [InlineData("application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json", MediaType)]
    [InlineData("application/vnd.schemaregistry+json", "application/vnd.schemaregistry+json")]
    [InlineData("application/json", "application/json")]
    public async Task Answer_Type_IsWhatIsAccepted(string? accepted, string expected)
    {
        foreach (var path in new[] { "subjects", "subjects/errors-none/versions" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            request.Headers.TryAddWithoutValidation("Accept", accepted);
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

            Assert.Equal(expected, answer.Content.Headers.ContentType?.MediaType);
        }
    }

    private static string FreshName() => $"http-{Interlocked.Increment(ref subjects)}";

    private static string Schema(string subject, string type) => JsonSerializer.Serialize(new
    {
        schemaType = "JSON",
        schema = $$"""{"title":"{{subject}}","type":"object","properties":{"a":{"type":"{{type}}"} } }""",
    });

    private static string Text(string body) => JsonSerializer.Deserialize<JsonElement>(body).GetProperty("schema").GetRawText();

    private async Task Answers(string method, string path, string? body, string expected)
    {
        var answer = await OkAsync(method, path, body);
        Assert.True(JsonElement.DeepEquals(JsonSerializer.Deserialize<JsonElement>(expected), answer), $"{method} {path}: {answer.GetRawText()}, not {expected}");
    }

    private async Task<JsonElement> OkAsync(string method, string path, string? body = null)
    {
        var (status, answer) = await SendAsync(method, path, body);
        Assert.True(status == 200, $"{method} {path}: {status} {answer.GetRawText()}");
        return answer;
    }

    private async Task<string> RefusedAsync(string method, string path, string? body, int status, int code)
    {
        var (found, answer) = await SendAsync(method, path, body);
        Assert.True(found == status, $"{method} {path}: {found} {answer.GetRawText()}");
        Assert.Equal(code, answer.GetProperty("error_code").GetInt32());
        var message = answer.GetProperty("message").GetString()!;
        Assert.InRange(message.Length, 10, 4010);
        return message;
    }

    private async Task<(int Status, JsonElement Body)> SendAsync(string method, string path, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse(MediaType));
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(MediaType, answer.Content.Headers.ContentType?.MediaType);
        var json = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Api.RequireDescribed(method, $"registry/{path}", (int)answer.StatusCode, json);
        return ((int)answer.StatusCode, json);
    }
}
