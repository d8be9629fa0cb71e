using Microsoft.Azure.Functions.Worker.Hosting;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask.Client;

namespace Microsoft.Azure.Functions.Worker;

public static class DurableTaskClientExtensions
{
    public static HttpManagementPayload CreateHttpManagementPayload(this DurableTaskClient client, string instanceId, HttpRequestData? request = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var host = request is not null
            ? new Uri(request.Url.GetLeftPart(UriPartial.Authority))
            : (client as FunctionsDurableTaskClient)?.BaseAddress
                ?? throw new InvalidOperationException("The client does not know the address of the host. Take it from a [DurableClient] binding, or pass the request.");
        var instance = new Uri(host, $"{DurableWebhooks.Path}/{Uri.EscapeDataString(instanceId)}").AbsoluteUri;
        return new()
        {
            Id = instanceId,
            StatusQueryGetUri = instance,
            PurgeHistoryDeleteUri = instance,
            SendEventPostUri = $"{instance}/raiseEvent/{{eventName}}",
            TerminatePostUri = $"{instance}/terminate?reason={{{{text}}}}",
            SuspendPostUri = $"{instance}/suspend?reason={{{{text}}}}",
            ResumePostUri = $"{instance}/resume?reason={{{{text}}}}",
        };
    }
}
