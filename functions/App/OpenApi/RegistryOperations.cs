using System.Text.Json;
using Pipeline.App.Schemas;

namespace Pipeline.App.OpenApi;

/// <summary>The operations of the schema registry, which speak Confluent's protocol: another media type, errors with a code.</summary>
internal static class RegistryOperations
{
    private const string OfSubject = "registry/subjects/{subject}";
    private const string OfVersion = $"{OfSubject}/versions/{{version}}";
    private const string OfId = "registry/schemas/ids/{id}";
    private const string Check = "registry/compatibility/subjects/{subject}/versions";
    private const string Config = "registry/config";
    private const string SubjectConfig = $"{Config}/{{subject}}";
    private static readonly Parameter Subject = new("subject", "The subject's name.") { InRoute = true };
    private static readonly Parameter Version = new("version", "The version's number, or latest.") { InRoute = true };
    private static readonly Parameter Id = new("id", "The schema's id.") { InRoute = true };
    private static readonly Parameter Deleted = Flag("deleted", "Take soft-deleted ones too.");
    private static readonly Parameter Permanent = Flag("permanent", "Delete what is soft-deleted for good.");
    private static readonly Parameter Verbose = Flag("verbose", "Tell why not.");
    private static readonly Answer NoSubject = Error(404, "There is no such subject (40401).");
    private static readonly Answer NoVersion = Error(404, "There is no such subject (40401) or version (40402).");
    private static readonly Answer NoSchema = Error(404, "There is no such schema (40403).");
    private static readonly Answer NotDeletable = Error(404, "There is no such subject or version (40401, 40402), it is soft-deleted already (40404, 40406), or not yet (40405, 40407).");
    private static readonly Answer NoMode = Error(404, "The subject has no mode of its own (40408), or there is no such subject (40401).");
    private static readonly Answer BadVersion = Error(422, "The version is neither a number nor latest (42202).");
    private static readonly Answer BadSchema = Error(422, "The body is not what is described here (422), the schema not a JSON Schema that is supported (42201), its subject's name cannot be kept (42208), or the version is none (42202).");
    private static readonly Answer BadMode = Error(422, "The body is not what is described here (422), or the mode none of the seven (42203).");

    public static IReadOnlyList<Operation> All { get; } =
    [
        Of(nameof(SubjectRequests.ListSubjects), "get", "registry/subjects", "The names of all subjects.", Ok<IReadOnlyList<string>>("The names.")) with
        {
            Parameters = [new("subjectPrefix", "Only those that begin with this."), Deleted],
        },
        Of(nameof(SubjectRequests.LookUpSchema), "post", OfSubject, "The version of a subject that a schema is.", Ok<SubjectSchema>("The version."), Error(404, "There is no such subject (40401), or it has no such schema (40403)."), BadSchema) with
        {
            Parameters = [Subject, Deleted],
            Body = typeof(SchemaBody),
        },
        Of(nameof(SubjectRequests.DeleteSubject), "delete", OfSubject, "Deletes a subject.", Ok<IReadOnlyList<int>>("The numbers of the versions that it had."), NotDeletable) with
        {
            Parameters = [Subject, Permanent],
        },
        Of(nameof(SubjectRequests.ListVersions), "get", $"{OfSubject}/versions", "The numbers of a subject's versions.", Ok<IReadOnlyList<int>>("The numbers."), NoSubject) with
        {
            Parameters = [Subject, Deleted],
        },
        Of(
            nameof(SubjectRequests.RegisterSchema),
            "post",
            $"{OfSubject}/versions",
            "Makes a schema the next version of a subject, unless it is a version already.",
            Ok<SchemaId>("The schema's id; with dryRun what would happen.") with { OrBody = typeof(RegistrationAnswer) },
            Error(409, "It does not go with earlier versions; the message says where."),
            BadSchema) with
        {
            Parameters = [Subject, Flag("dryRun", "Tell what would happen, and write nothing.")],
            Body = typeof(SchemaBody),
        },
        Of(nameof(SubjectRequests.GetVersion), "get", OfVersion, "A version of a subject.", Ok<SubjectSchema>("The version."), NoVersion, BadVersion) with
        {
            Parameters = [Subject, Version, Deleted],
        },
        Of(nameof(SubjectRequests.GetVersionSchema), "get", $"{OfVersion}/schema", "The schema of a version, itself.", Ok<JsonElement>("The schema."), NoVersion, BadVersion) with
        {
            Parameters = [Subject, Version, Deleted],
        },
        Of(nameof(SubjectRequests.DeleteVersion), "delete", OfVersion, "Deletes a version.", Ok<int>("Its number."), NotDeletable, BadVersion) with
        {
            Parameters = [Subject, Version, Permanent],
        },
        Of(nameof(SchemaRequests.ListSchemaTypes), "get", "registry/schemas/types", "The types of schema that are supported.", Ok<IReadOnlyList<string>>("JSON.")),
        Of(nameof(SchemaRequests.GetSchema), "get", OfId, "A schema.", Ok<SchemaText>("The schema."), NoSchema) with { Parameters = [Id] },
        Of(nameof(SchemaRequests.ListSchemaSubjects), "get", $"{OfId}/subjects", "The subjects that have a schema.", Ok<IReadOnlyList<string>>("Their names."), NoSchema) with { Parameters = [Id, Deleted] },
        Of(nameof(SchemaRequests.ListSchemaVersions), "get", $"{OfId}/versions", "The versions that a schema is.", Ok<IReadOnlyList<SchemaUse>>("The versions."), NoSchema) with { Parameters = [Id, Deleted] },
        Of(nameof(CompatibilityRequests.CheckWithSubject), "post", Check, "Whether a schema could be registered.", Ok<CompatibilityAnswer>("Whether it could."), BadSchema) with
        {
            Parameters = [Subject, Verbose],
            Body = typeof(SchemaBody),
        },
        Of(nameof(CompatibilityRequests.CheckWithVersion), "post", $"{Check}/{{version}}", "Whether a schema goes with one version.", Ok<CompatibilityAnswer>("Whether it does."), NoVersion, BadSchema) with
        {
            Parameters = [Subject, Version, Verbose],
            Body = typeof(SchemaBody),
        },
        Of(nameof(CompatibilityRequests.GetConfig), "get", Config, "The mode of subjects that have none of their own.", Ok<CompatibilityLevelAnswer>("The mode.")),
        Of(nameof(CompatibilityRequests.SetConfig), "put", Config, "Sets the mode of subjects that have none of their own.", Ok<CompatibilitySetAnswer>("The mode."), BadMode) with { Body = typeof(CompatibilityBody) },
        Of(nameof(CompatibilityRequests.DeleteConfig), "delete", Config, "Makes the default the mode of subjects that have none of their own.", Ok<CompatibilityLevelAnswer>("What it was.")),
        Of(nameof(CompatibilityRequests.GetSubjectConfig), "get", SubjectConfig, "A subject's own mode.", Ok<CompatibilityLevelAnswer>("The mode."), NoMode) with
        {
            Parameters = [Subject, Flag("defaultToGlobal", "Tell what holds where it has none.")],
        },
        Of(nameof(CompatibilityRequests.SetSubjectConfig), "put", SubjectConfig, "Sets a subject's own mode.", Ok<CompatibilitySetAnswer>("The mode."), BadMode) with
        {
            Parameters = [Subject],
            Body = typeof(CompatibilityBody),
        },
        Of(nameof(CompatibilityRequests.DeleteSubjectConfig), "delete", SubjectConfig, "Makes the global mode hold for a subject.", Ok<CompatibilityLevelAnswer>("What its own was."), NoMode) with { Parameters = [Subject] },
        Of(nameof(CompatibilityRequests.GetRegistryMode), "get", "registry/mode", "What the registry takes: it is never read-only.", Ok<RegistryMode>("READWRITE.")),
    ];

    private static Operation Of(string id, string method, string route, string summary, params Answer[] answers) => new(id, method, route, summary)
    {
        ContentType = RegistryAnswers.MediaType,
        Answers = answers,
        Otherwise = Error(500, "Any other error: 50001 passes by itself, 500 is told of in the app's log."),
    };

    private static Parameter Flag(string name, string description) => new(name, description) { IsFlag = true };

    private static Answer Ok<T>(string description) => new(200, description, typeof(T));

    private static Answer Error(int status, string description) => new(status, description, typeof(RegistryError));
}
