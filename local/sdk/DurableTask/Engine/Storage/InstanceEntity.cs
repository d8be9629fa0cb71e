using Azure.Data.Tables;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Storage;

/// <summary>An instance's head as an entity. Inputs and outputs that are long stay in the history only.</summary>
internal static class InstanceEntity
{
    public const string RowKey = "instance";
    private const int InlineChars = 16_000;

    public static TableEntity From(InstanceRecord instance)
    {
        var entity = new TableEntity(instance.InstanceId, RowKey)
        {
            ["Name"] = instance.Name,
            ["Version"] = instance.Version,
            ["ExecutionId"] = instance.ExecutionId,
            ["Status"] = instance.Status.ToString(),
            ["CreatedAt"] = instance.CreatedAt,
            ["LastUpdatedAt"] = instance.LastUpdatedAt,
            ["AppendId"] = instance.AppendId,
            ["HistoryRows"] = instance.HistoryRows,
            ["OutboxFrom"] = instance.OutboxFrom,
            ["Unfinished"] = !instance.IsEnded || instance.OutboxFrom >= 0,
            ["LongInput"] = instance.Input?.Length > InlineChars,
            ["LongOutput"] = instance.Output?.Length > InlineChars,
        };
        Set(entity, "StartAt", instance.StartAt);
        Set(entity, "Input", instance.Input?.Length > InlineChars ? null : instance.Input);
        Set(entity, "Output", instance.Output?.Length > InlineChars ? null : instance.Output);
        Set(entity, "CustomStatus", instance.CustomStatus);
        Set(entity, "FailureType", instance.Failure?.ErrorType);
        Set(entity, "FailureMessage", instance.Failure?.ErrorMessage);
        Set(entity, "FailureStackTrace", instance.Failure?.StackTrace);
        Set(entity, "ParentInstanceId", instance.Parent?.InstanceId);
        Set(entity, "ParentName", instance.Parent?.Name);
        Set(entity, "ParentExecutionId", instance.Parent?.ExecutionId);
        Set(entity, "ParentTaskId", instance.Parent?.TaskId);
        Set(entity, "Tags", instance.Tags is { Count: > 0 } tags ? HistoryJson.Write(tags) : null);
        return entity;
    }

    public static InstanceRecord Read(TableEntity entity) => new()
    {
        InstanceId = entity.PartitionKey,
        Name = entity.GetString("Name"),
        Version = entity.GetString("Version") ?? "",
        ExecutionId = entity.GetString("ExecutionId"),
        Status = Enum.Parse<OrchestrationRuntimeStatus>(entity.GetString("Status")),
        CreatedAt = entity.GetDateTimeOffset("CreatedAt") ?? default,
        LastUpdatedAt = entity.GetDateTimeOffset("LastUpdatedAt") ?? default,
        StartAt = entity.GetDateTimeOffset("StartAt"),
        Input = entity.GetString("Input"),
        Output = entity.GetString("Output"),
        CustomStatus = entity.GetString("CustomStatus"),
        Failure = entity.GetString("FailureType") is { } type
            ? new TaskFailureDetails(type, entity.GetString("FailureMessage") ?? "", entity.GetString("FailureStackTrace"), null, null)
            : null,
        Parent = entity.GetString("ParentInstanceId") is { } parent
            ? new ParentLink(parent, entity.GetString("ParentName"), entity.GetString("ParentExecutionId"), entity.GetInt32("ParentTaskId") ?? 0)
            : null,
        Tags = HistoryJson.ReadTags(entity.GetString("Tags")),
        HistoryRows = entity.GetInt32("HistoryRows") ?? 0,
        OutboxFrom = entity.GetInt32("OutboxFrom") ?? -1,
        AppendId = entity.GetString("AppendId") ?? "",
        ETag = entity.ETag.ToString(),
    };

    /// <summary>True if the history has to be read for the input or the output.</summary>
    public static bool HasLongPayload(TableEntity entity) => entity.GetBoolean("LongInput") is true || entity.GetBoolean("LongOutput") is true;

    private static void Set(TableEntity entity, string name, object? value)
    {
        if (value is not null)
        {
            entity[name] = value;
        }
    }
}
