using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Pipeline.App.Api;

namespace Pipeline.App.OpenApi;

/// <summary>The API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1).</summary>
internal sealed class OpenApiDocument
{
    private const string Prefix = "/api/";
    private const string KeyScheme = "functionKey";
    private readonly Schemas schemas = new();

    private OpenApiDocument()
    {
    }

    public static JsonObject Create() => new OpenApiDocument().Document();

    private JsonObject Document()
    {
        var paths = new JsonObject();
        foreach (var path in Operations.All.GroupBy(o => Prefix + o.Route))
        {
            paths[path.Key] = new JsonObject(path.Select(o => KeyValuePair.Create(o.Method, (JsonNode?)Describe(o))));
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Pipeline",
                ["description"] = "Runs pipelines and shows what they made. Errors are problem details (RFC 9457).",
                ["version"] = typeof(OpenApiDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            },
            ["security"] = new JsonArray(new JsonObject { [KeyScheme] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.Components,
                ["securitySchemes"] = new JsonObject
                {
                    [KeyScheme] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "x-functions-key", ["description"] = "A key of the function app." },
                },
            },
        };
    }

    private JsonObject Describe(Operation operation)
    {
        var described = new JsonObject { ["operationId"] = operation.Id, ["summary"] = operation.Summary };
        if (!operation.NeedsKey)
        {
            described["security"] = new JsonArray();
        }

        if (operation.Parameters.Count > 0)
        {
            described["parameters"] = new JsonArray([.. operation.Parameters.Select(Describe)]);
        }

        if (operation.Body is { } body)
        {
            var content = Content(operation.ContentType, schemas.OfBody(body));
            described["requestBody"] = new JsonObject { ["required"] = schemas.HasRequired(body), ["content"] = content };
        }

        var answers = new JsonObject(operation.Answers.Select(a => KeyValuePair.Create(a.Status.ToString(CultureInfo.InvariantCulture), (JsonNode?)Describe(a, operation.ContentType))));
        answers["default"] = Describe(operation.Otherwise, operation.ContentType);
        described["responses"] = answers;
        return described;
    }

    private JsonObject Describe(Answer answer, string contentType)
    {
        var body = schemas.OfAnswer(answer.Body);
        var described = new JsonObject
        {
            ["description"] = answer.Description,
            ["content"] = Content(
                answer.Body == typeof(Problem) ? Answers.ProblemType : contentType,
                answer.OrBody is { } other ? new JsonObject { ["anyOf"] = new JsonArray(body, schemas.OfAnswer(other)) } : body),
        };
        foreach (var type in answer.OtherTypes)
        {
            described["content"]![type] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string", ["format"] = "binary" } };
        }

        if (answer.Header is { } header)
        {
            described["headers"] = new JsonObject { [header.Name] = new JsonObject { ["description"] = header.Description, ["schema"] = new JsonObject { ["type"] = "string" } } };
        }

        return described;
    }

    private static JsonObject Describe(Parameter parameter)
    {
        var schema = new JsonObject { ["type"] = parameter.IsFlag ? "boolean" : parameter.Number is null ? "string" : "integer" };
        if (parameter.Values.Count > 0)
        {
            schema["enum"] = new JsonArray([.. parameter.Values.Select(v => (JsonNode)v)]);
        }

        if (parameter.Number is var (min, max, byDefault))
        {
            schema["minimum"] = min;
            schema["maximum"] = max;
            if (byDefault is { } value)
            {
                schema["default"] = value;
            }
        }

        return new JsonObject
        {
            ["name"] = parameter.Name,
            ["in"] = parameter.InRoute ? "path" : "query",
            ["required"] = parameter.InRoute,
            ["description"] = parameter.Description,
            ["schema"] = schema,
        };
    }

    private static JsonObject Content(string type, JsonNode schema) => new() { [type] = new JsonObject { ["schema"] = schema } };
}
