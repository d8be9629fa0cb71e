using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.Medallion.Schemas;

namespace Pipeline.App.Schemas;

/// <summary>Compatibility: whether a schema could become a version, and which mode holds.</summary>
public sealed class CompatibilityRequests(SchemaRegistry registry)
{
    private const string Versions = "registry/compatibility/subjects/{subject}/versions";
    private const string Config = "registry/config";
    private const string SubjectConfig = $"{Config}/{{subject}}";

    /// <summary>Whether a schema goes with one version.</summary>
    [Function(nameof(CheckWithVersion))]
    public async Task<IActionResult> CheckWithVersion(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = $"{Versions}/{{version}}")] HttpRequest request, string subject, string version, CancellationToken cancellationToken)
    {
        var schema = (await RegistryRequest.ReadAsync<SchemaBody>(request, cancellationToken)).Parse();
        var found = await registry.CheckAsync(RegistryRequest.Subject(subject), version, schema, cancellationToken);
        return RegistryAnswers.Json(request, CompatibilityAnswer.Of(found, RegistryRequest.Flag(request, "verbose")));
    }

    /// <summary>Whether a schema could be registered.</summary>
    [Function(nameof(CheckWithSubject))]
    public async Task<IActionResult> CheckWithSubject(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Versions)] HttpRequest request, string subject, CancellationToken cancellationToken)
    {
        var schema = (await RegistryRequest.ReadAsync<SchemaBody>(request, cancellationToken)).Parse();
        var found = await registry.CheckAsync(RegistryRequest.Subject(subject), schema, cancellationToken);
        return RegistryAnswers.Json(request, CompatibilityAnswer.Of(found, RegistryRequest.Flag(request, "verbose")));
    }

    /// <summary>The mode of subjects that have none of their own.</summary>
    [Function(nameof(GetConfig))]
    public async Task<IActionResult> GetConfig([HttpTrigger(AuthorizationLevel.Function, "get", Route = Config)] HttpRequest request, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, CompatibilityLevelAnswer.Of(await registry.CompatibilityAsync(cancellationToken)));

    /// <summary>Sets the mode of subjects that have none of their own.</summary>
    [Function(nameof(SetConfig))]
    public async Task<IActionResult> SetConfig([HttpTrigger(AuthorizationLevel.Function, "put", Route = Config)] HttpRequest request, CancellationToken cancellationToken)
    {
        var mode = CompatibilityModes.Parse((await RegistryRequest.ReadAsync<CompatibilityBody>(request, cancellationToken)).Compatibility);
        await registry.SetCompatibilityAsync(mode, cancellationToken);
        return RegistryAnswers.Json(request, CompatibilitySetAnswer.Of(mode));
    }

    /// <summary>Makes the default the mode of subjects that have none of their own.</summary>
    [Function(nameof(DeleteConfig))]
    public async Task<IActionResult> DeleteConfig([HttpTrigger(AuthorizationLevel.Function, "delete", Route = Config)] HttpRequest request, CancellationToken cancellationToken)
    {
        var before = await registry.CompatibilityAsync(cancellationToken);
        await registry.SetCompatibilityAsync(null, cancellationToken);
        return RegistryAnswers.Json(request, CompatibilityLevelAnswer.Of(before));
    }

    /// <summary>A subject's own mode.</summary>
    [Function(nameof(GetSubjectConfig))]
    public async Task<IActionResult> GetSubjectConfig(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = SubjectConfig)] HttpRequest request, string subject, CancellationToken cancellationToken)
    {
        var name = RegistryRequest.Subject(subject);
        var mode = await registry.CompatibilityAsync(name, RegistryRequest.Flag(request, "defaultToGlobal"), cancellationToken);
        return RegistryAnswers.Json(request, CompatibilityLevelAnswer.Of(mode));
    }

    /// <summary>Sets a subject's own mode.</summary>
    [Function(nameof(SetSubjectConfig))]
    public async Task<IActionResult> SetSubjectConfig(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = SubjectConfig)] HttpRequest request, string subject, CancellationToken cancellationToken)
    {
        var mode = CompatibilityModes.Parse((await RegistryRequest.ReadAsync<CompatibilityBody>(request, cancellationToken)).Compatibility);
        await registry.SetCompatibilityAsync(RegistryRequest.Subject(subject), mode, cancellationToken);
        return RegistryAnswers.Json(request, CompatibilitySetAnswer.Of(mode));
    }

    /// <summary>Makes the global mode hold for a subject.</summary>
    [Function(nameof(DeleteSubjectConfig))]
    public async Task<IActionResult> DeleteSubjectConfig(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = SubjectConfig)] HttpRequest request, string subject, CancellationToken cancellationToken) =>
        RegistryAnswers.Json(request, CompatibilityLevelAnswer.Of(await registry.DeleteCompatibilityAsync(RegistryRequest.Subject(subject), cancellationToken)));

    /// <summary>What the registry takes: it is never read-only.</summary>
    [Function(nameof(GetRegistryMode))]
    public IActionResult GetRegistryMode([HttpTrigger(AuthorizationLevel.Function, "get", Route = "registry/mode")] HttpRequest request) =>
        RegistryAnswers.Json(request, new RegistryMode("READWRITE"));
}
