using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;

namespace Pipeline.Medallion.Events;

/// <summary>How the log is laid out in the Azure table <c>events</c>: one partition, so that a transaction writes an event, its key and the number of the last event together.</summary>
internal static class EventTable
{
    public const string Name = "events";
    public const string Partition = "log";
    public const string Head = "head";
    public const string Sequence = nameof(Sequence);
    public const string Batch = nameof(Batch);
    private const int MessageCharacters = 2000;
    private const int DataCharacters = 8000;

    /// <summary>The row of an event; rows are in the order of numbers.</summary>
    public static string RowOf(long sequence) => string.Create(CultureInfo.InvariantCulture, $"event-{sequence:D19}");

    /// <summary>The row that says which event has a key.</summary>
    public static string RowOf(string key) => $"key-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";

    /// <summary>The event that something becomes.</summary>
    /// <exception cref="ArgumentException">Its values are too large.</exception>
    public static PipelineEvent EventOf(NewEvent happened, long sequence, DateTimeOffset now) => new()
    {
        Sequence = sequence,
        TimeUtc = now,
        Type = happened.Type,
        Source = happened.Source,
        RunId = happened.RunId,
        Subject = happened.Subject,
        Message = happened.Message.Length > MessageCharacters ? string.Concat(happened.Message.AsSpan(0, MessageCharacters), " …") : happened.Message,
        Data = happened.Data,
    };

    /// <exception cref="ArgumentException">Its values are too large.</exception>
    public static void Require(NewEvent happened)
    {
        if (Json.Write(happened.Data).Length is var length and > DataCharacters)
        {
            throw new ArgumentException($"The values of the event '{happened.Type}' of '{happened.Source}' have {length} characters: expected at most {DataCharacters}.", nameof(happened));
        }
    }

    public static TableEntity Write(PipelineEvent told, string? key, string batch)
    {
        var row = new TableEntity(Partition, RowOf(told.Sequence))
        {
            [Sequence] = told.Sequence,
            ["TimeUtc"] = told.TimeUtc,
            ["Type"] = told.Type,
            ["Source"] = told.Source,
            ["Message"] = told.Message,
            ["Data"] = Json.Write(told.Data),
            [Batch] = batch,
        };
        foreach (var (name, value) in new[] { ("RunId", told.RunId), ("Subject", told.Subject), ("Key", key) })
        {
            if (value is not null)
            {
                row[name] = value;
            }
        }

        return row;
    }

    public static PipelineEvent Read(TableEntity row) => new()
    {
        Sequence = row.GetInt64(Sequence) ?? 0,
        TimeUtc = row.GetDateTimeOffset("TimeUtc") ?? default,
        Type = row.GetString("Type"),
        Source = row.GetString("Source"),
        RunId = row.GetString("RunId"),
        Subject = row.GetString("Subject"),
        Message = row.GetString("Message"),
        Data = Json.Read<Dictionary<string, JsonElement>>(row.GetString("Data")),
    };
}
