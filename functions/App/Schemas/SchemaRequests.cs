using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.Medallion.Schemas;

namespace Pipeline.App.Schemas;

/// <summary>Schemas by id, as Confluent's registry has them.</summary>
public sealed class SchemaRequests(SchemaRegistry registry)
{
    private const string ById = "registry/schemas/ids/{id}";

    /// <summary>The types of schema that are supported.</summary>
    [Function(nameof(ListSchemaTypes))]
    public IActionResult ListSchemaTypes([HttpTrigger(AuthorizationLevel.Function, "get", Route = "registry/schemas/types")] HttpRequest request) =>
        RegistryAnswers.Json<IReadOnlyList<string>>(request, ["JSON"]);

    /// <summary>A schema.</summary>
    [Function(nameof(GetSchema))]
    public async Task<IActionResult> GetSchema([HttpTrigger(AuthorizationLevel.Function, "get", Route = ById)] HttpRequest request, string id, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, new SchemaText("JSON", (await registry.FindAsync(RegistryRequest.Id(id), cancellationToken)).Text));

    /// <summary>The subjects that have a schema.</summary>
    [Function(nameof(ListSchemaSubjects))]
    public async Task<IActionResult> ListSchemaSubjects(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = $"{ById}/subjects")] HttpRequest request, string id, CancellationToken cancellationToken)
    {
        var uses = await registry.UsesAsync(RegistryRequest.Id(id), RegistryRequest.Flag(request, "deleted"), cancellationToken);
        return RegistryAnswers.Json(request, uses.Select(u => u.Subject).Distinct());
    }

    /// <summary>The versions that a schema is.</summary>
    [Function(nameof(ListSchemaVersions))]
    public async Task<IActionResult> ListSchemaVersions(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = $"{ById}/versions")] HttpRequest request, string id, CancellationToken cancellationToken)
    {
        var uses = await registry.UsesAsync(RegistryRequest.Id(id), RegistryRequest.Flag(request, "deleted"), cancellationToken);
        return RegistryAnswers.Json(request, uses.Select(u => new SchemaUse(u.Subject, u.Version)));
    }
}
