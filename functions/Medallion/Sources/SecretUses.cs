using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources;

/// <summary>Writes into the audit log that a connection's secret was used, once for each time that a source is looked at; not for each delivery of a webhook.</summary>
internal sealed class SecretUses(AuditLog audit)
{
    /// <summary>Notes a use.</summary>
    /// <param name="who">What used it: a run's id, or <c>plan</c> or <c>check</c>.</param>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="source">The source; one without a connection uses none.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public Task NoteAsync(string who, string pipeline, SourceDefinition source, CancellationToken cancellationToken) => source.Connection is null ? Task.CompletedTask : audit.TryAppendAsync(
        new AuditEntry { Who = who, What = "secret.use", Target = $"connections/{source.Connection}", Outcome = AuditOutcome.Succeeded, Detail = $"{pipeline}.{source.Name}" },
        cancellationToken);
}
