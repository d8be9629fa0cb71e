using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Learning;
using Pipeline.App.Maintenance;
using Pipeline.App.Mart;
using Pipeline.App.Quality;
using Pipeline.App.Rejected;
using Pipeline.App.Runs;
using Pipeline.App.Schemas;
using Pipeline.App.Tables;
using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.App.Audit;

/// <summary>What goes into the audit log: whatever changes something, and whatever shows rows.</summary>
internal static class AuditedOperations
{
    /// <summary>What the log calls an operation, by the function's name. A test holds it against all operations.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        [nameof(RunRequests.StartRun)] = "run.start",
        [nameof(RunRequests.TerminateRun)] = "run.terminate",
        [nameof(ReplayRequests.ReplayRejected)] = "replay",
        [nameof(MaintenanceRequests.StartMaintenance)] = "maintenance.start",
        [nameof(TableRequests.RestoreTable)] = "table.restore",
        [nameof(TableRequests.PreviewTable)] = "query.preview",
        [nameof(ProfileRequests.ProfileTable)] = "query.profile",
        [nameof(SqlRequests.RunSql)] = "query.sql",
        [nameof(MartRequests.QueryMart)] = "query.mart",
        [nameof(MartRequests.QueryFeatures)] = "query.features",
        [nameof(MartRequests.QueryMetrics)] = "query.metrics",
        [nameof(ModelRequests.ScoreRows)] = "query.score",
        [nameof(SubjectRequests.RegisterSchema)] = "schema.register",
        [nameof(SubjectRequests.DeleteSubject)] = "schema.delete",
        [nameof(SubjectRequests.DeleteVersion)] = "schema.delete",
        [nameof(CompatibilityRequests.SetConfig)] = "schema.configure",
        [nameof(CompatibilityRequests.DeleteConfig)] = "schema.configure",
        [nameof(CompatibilityRequests.SetSubjectConfig)] = "schema.configure",
        [nameof(CompatibilityRequests.DeleteSubjectConfig)] = "schema.configure",
    };

    /// <summary>Whether an invocation is of one of them.</summary>
    public static bool Has(FunctionContext context) => All.ContainsKey(context.FunctionDefinition.Name);

    /// <summary>The entry for a due time; null where no run was started or tried.</summary>
    public static AuditEntry? Of(DueRun due) => due.Outcome is not (DueOutcome.Started or DueOutcome.Failed) ? null : new AuditEntry
    {
        Who = "schedule",
        What = All[nameof(RunRequests.StartRun)],
        Target = $"pipelines/{due.Pipeline}/runs",
        Outcome = due.Outcome == DueOutcome.Started ? AuditOutcome.Succeeded : AuditOutcome.Failed,
        Result = due.RunId ?? due.Reason,
    };
}
