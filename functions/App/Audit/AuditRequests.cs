using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Audit;

namespace Pipeline.App.Audit;

/// <summary>The audit log over HTTP, and the timer that archives it.</summary>
public sealed class AuditRequests(AuditLog audit)
{
    internal const int DefaultLimit = 100;

    /// <summary>Entries, newest first.</summary>
    [Function(nameof(ListAudit))]
    public async Task<IActionResult> ListAudit([HttpTrigger(AuthorizationLevel.Function, "get", Route = "audit")] HttpRequest request, CancellationToken cancellationToken)
    {
        var filter = new AuditFilter
        {
            Who = Requests.Text(request, "who"),
            What = Requests.Text(request, "what"),
            Target = Requests.Text(request, "target"),
            FromUtc = Requests.Time(request, "from"),
            ToUtc = Requests.Time(request, "to"),
        };
        return Answers.Json(await audit.ReadAsync(filter, (int)(Requests.Number(request, "limit", 1, AuditLog.MaxLimit) ?? DefaultLimit), cancellationToken));
    }

    /// <summary>Moves what is older than the hour from the Azure table to the Delta table; what one hour misses the next one does.</summary>
    [Function(nameof(ArchiveAudit))]
    public Task ArchiveAudit([TimerTrigger("0 20 * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellationToken) => audit.ArchiveAsync(cancellationToken);
}
