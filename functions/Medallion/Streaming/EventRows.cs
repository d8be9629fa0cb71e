using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Sources;

namespace Pipeline.Medallion.Streaming;

/// <summary>Events as rows of bronze in a session. What is no JSON object is a row too, with the reason and its raw text.</summary>
internal static class EventRows
{
    /// <summary>The rule that refuses an event which names a schema that the registry does not have.</summary>
    public const string UnknownSchema = "unknown-schema";

    private const string Arrived = "create or replace temp table arrived (_file varchar, _partition varchar, _offset bigint, enqueued bigint, line varchar, problem varchar, rule varchar)";

    /// <summary>SQL for why an event of the table <c>arrived</c> is refused; null where it is not.</summary>
    public static string Problem { get; } = $"coalesce(problem, {JsonRecords.Problem("line")})";

    /// <summary>SQL for when the hub took an event of the table <c>arrived</c>.</summary>
    public const string EnqueuedAt = "make_timestamp(enqueued)::timestamptz";

    /// <summary>Makes the session's table <c>arrived</c>, without rows.</summary>
    public static void Create(DuckDbSession session, CancellationToken cancellationToken) => session.Execute(Arrived, cancellationToken);

    /// <summary>Adds events to the table <c>arrived</c>.</summary>
    /// <param name="session">The session.</param>
    /// <param name="events">Each with its partition and the name of it in <c>_file</c>.</param>
    /// <param name="why">Why an event is refused, whatever it says; null: its text decides.</param>
    public static void Append(DuckDbSession session, IEnumerable<(string Partition, string File, StreamEvent Event)> events, Func<StreamEvent, string>? why)
    {
        using var appender = session.Append("arrived");
        var (partition, name) = ("", "");
        var (partitionBytes, nameBytes) = (Array.Empty<byte>(), Array.Empty<byte>());
        foreach (var (of, file, next) in events)
        {
            if (of != partition || file != name)
            {
                (partition, name) = (of, file);
                (partitionBytes, nameBytes) = (Encoding.UTF8.GetBytes(of), Encoding.UTF8.GetBytes(file));
            }

            appender.AppendText(nameBytes);
            appender.AppendText(partitionBytes);
            appender.AppendNumber(next.Sequence);
            appender.AppendNumber((next.EnqueuedUtc - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
            AppendBody(appender, next, why?.Invoke(next));
            appender.EndRow();
        }

        appender.Complete();
    }

    /// <summary>Brings events into the session, as the table <c>events</c>, in the order in which they are given.</summary>
    /// <param name="session">The session.</param>
    /// <param name="events">Each with its partition and the name of it in <c>_file</c>.</param>
    /// <param name="why">Why an event is refused, whatever it says; null: its text decides.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    public static void Load(DuckDbSession session, IEnumerable<(string Partition, string File, StreamEvent Event)> events, Func<StreamEvent, string>? why, CancellationToken cancellationToken)
    {
        Create(session, cancellationToken);
        Append(session, events, why);
        session.Execute(
            $"create temp table events as select _file, _partition, _offset, {EnqueuedAt} as _enqueued_at, line, row_number() over () as _row, {Problem} as error, rule from arrived; drop table arrived",
            cancellationToken);
    }

    /// <summary>The rows of bronze: a SELECT and the columns of text that the events gave.</summary>
    /// <param name="session">The session with the events.</param>
    /// <param name="source">The source's name.</param>
    /// <param name="runId">What the rows' <c>_run_id</c> says.</param>
    /// <param name="time">When they are taken.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    public static string Select(DuckDbSession session, string source, string runId, DateTimeOffset time, CancellationToken cancellationToken)
    {
        const string position = "_file, _partition, _offset, _enqueued_at, error, raw, rule";
        var technical = $"{BronzeColumns.Timestamp(time)} as _ingested_at, {Sql.Literal(source)} as _source, _file, _offset as _row, {Sql.Literal(runId)} as _run_id, error as _error, case when error is not null then raw end as _raw, _partition, _offset, _enqueued_at";
        var hasRule = session.Scalar<long>("select count(rule) from events", cancellationToken) > 0;
        technical += hasRule ? $", rule as {BronzeColumns.Rule}" : "";
        var keys = JsonRecords.Keys(session, "(from events where error is null)", cancellationToken);
        if (keys.Count == 0)
        {
            return $"select {technical} from (select *, line as raw from events)";
        }

        // A text that is no record has no values, and is not asked for them.
        var (sql, columns) = JsonRecords.Select(keys, "(select * replace (case when error is null then line else '{}' end as line), line as raw from events)", position);
        return $"select {string.Join(", ", columns.Select(c => Sql.Identifier(c.Name)))}, {technical} from ({sql})";
    }

    private static void AppendBody(DuckDbAppender appender, StreamEvent next, string? why)
    {
        var body = next.Body.Span;
        var isText = Utf8.IsValid(body) && !(next.UnknownSchema is not null && EventSchemas.IsFramed(body));
        var problem = why ?? (next.UnknownSchema is { } schema ? $"the event names schema '{schema}', which the registry does not have" : null);
        if (isText)
        {
            appender.AppendText(body);
            problem ??= body.Length > StreamEvent.MaxBodyBytes
                ? string.Create(CultureInfo.InvariantCulture, $"too large: {body.Length:n0} bytes, at most {StreamEvent.MaxBodyBytes:n0} are taken")
                : null;
        }
        else
        {
            var text = new byte[Base64.GetMaxEncodedToUtf8Length(body.Length)];
            Base64.EncodeToUtf8(body, text, out _, out var written);
            appender.AppendText(text.AsSpan(0, written));
            problem = $"{(problem is null ? "" : $"{problem}; ")}{(Utf8.IsValid(body) ? "" : "not UTF-8: ")}the raw bytes are kept as Base64";
        }

        AppendOrNothing(appender, problem);
        AppendOrNothing(appender, next.UnknownSchema is null ? null : UnknownSchema);
    }

    private static void AppendOrNothing(DuckDbAppender appender, string? text)
    {
        if (text is null)
        {
            appender.AppendNothing();
        }
        else
        {
            appender.AppendText(Encoding.UTF8.GetBytes(text));
        }
    }
}
