using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Schemas;

namespace Pipeline.App.Schemas;

/// <summary>Subjects and their versions, as Confluent's registry has them below its base URL.</summary>
public sealed class SubjectRequests(SchemaRegistry registry)
{
    private const string Subjects = "registry/subjects";
    private const string Subject = $"{Subjects}/{{subject}}";
    private const string Version = $"{Subject}/versions/{{version}}";

    /// <summary>The names of all subjects.</summary>
    [Function(nameof(ListSubjects))]
    public async Task<IActionResult> ListSubjects([HttpTrigger(AuthorizationLevel.Function, "get", Route = Subjects)] HttpRequest request, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, await registry.ListAsync(Requests.Text(request, "subjectPrefix") ?? "", RegistryRequest.Flag(request, "deleted"), cancellationToken));

    /// <summary>The version that a schema is.</summary>
    [Function(nameof(LookUpSchema))]
    public async Task<IActionResult> LookUpSchema([HttpTrigger(AuthorizationLevel.Function, "post", Route = Subject)] HttpRequest request, string subject, CancellationToken cancellationToken)
    {
        var schema = (await RegistryRequest.ReadAsync<SchemaBody>(request, cancellationToken)).Parse();
        return RegistryAnswers.Json(request, SubjectSchema.Of(await registry.LookUpAsync(RegistryRequest.Subject(subject), schema, RegistryRequest.Flag(request, "deleted"), cancellationToken)));
    }

    /// <summary>Deletes a subject.</summary>
    [Function(nameof(DeleteSubject))]
    public async Task<IActionResult> DeleteSubject([HttpTrigger(AuthorizationLevel.Function, "delete", Route = Subject)] HttpRequest request, string subject, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, await registry.DeleteSubjectAsync(RegistryRequest.Subject(subject), RegistryRequest.Flag(request, "permanent"), cancellationToken));

    /// <summary>The numbers of a subject's versions.</summary>
    [Function(nameof(ListVersions))]
    public async Task<IActionResult> ListVersions(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = $"{Subject}/versions")] HttpRequest request, string subject, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, await registry.VersionsAsync(RegistryRequest.Subject(subject), RegistryRequest.Flag(request, "deleted"), cancellationToken));

    /// <summary>Registers a schema, or tells what that would come to.</summary>
    [Function(nameof(RegisterSchema))]
    public async Task<IActionResult> RegisterSchema(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = $"{Subject}/versions")] HttpRequest request, string subject, CancellationToken cancellationToken)
    {
        var schema = (await RegistryRequest.ReadAsync<SchemaBody>(request, cancellationToken)).Parse();
        return RegistryRequest.Flag(request, "dryRun")
            ? RegistryAnswers.Json(request, RegistrationAnswer.Of(await registry.PreviewAsync(RegistryRequest.Subject(subject), schema, cancellationToken)))
            : RegistryAnswers.Json(request, new SchemaId(await registry.RegisterAsync(RegistryRequest.Subject(subject), schema, cancellationToken)));
    }

    /// <summary>A version of a subject.</summary>
    [Function(nameof(GetVersion))]
    public async Task<IActionResult> GetVersion(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = Version)] HttpRequest request, string subject, string version, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, SubjectSchema.Of(await registry.FindAsync(RegistryRequest.Subject(subject), version, RegistryRequest.Flag(request, "deleted"), cancellationToken)));

    /// <summary>The schema of a version, itself.</summary>
    [Function(nameof(GetVersionSchema))]
    public async Task<IActionResult> GetVersionSchema(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = $"{Version}/schema")] HttpRequest request, string subject, string version, CancellationToken cancellationToken) =>
        RegistryAnswers.Text(request, (await registry.FindAsync(RegistryRequest.Subject(subject), version, RegistryRequest.Flag(request, "deleted"), cancellationToken)).Schema.Text);

    /// <summary>Deletes a version.</summary>
    [Function(nameof(DeleteVersion))]
    public async Task<IActionResult> DeleteVersion(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = Version)] HttpRequest request, string subject, string version, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, await registry.DeleteVersionAsync(RegistryRequest.Subject(subject), version, RegistryRequest.Flag(request, "permanent"), cancellationToken));
}
