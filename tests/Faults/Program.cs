using System.CommandLine;
using System.Globalization;
using Pipeline.Faults.Cases;
using Pipeline.Faults.Storage;

var stageOption = new Option<Stage?>("--stage") { Description = "Only this stage: first or changed." };
var writeOption = new Option<int?>("--write") { Description = "Only this write." };
var momentOption = new Option<Moment?>("--moment") { Description = "Only this moment: before or after the write." };
var againOption = new Option<int?>("--again") { Description = "Kill once more, at this write of the recovery." };
var fromOption = new Option<int>("--from") { DefaultValueFactory = _ => 1 };
var toOption = new Option<int?>("--to");
var everyOption = new Option<int>("--every") { DefaultValueFactory = _ => 1 };
var listOption = new Option<bool>("--list") { Description = "Show the writes of an undisturbed run." };
var lanesOption = new Option<int>("--lanes") { DefaultValueFactory = _ => 2 };
var command = new RootCommand("Kills the app before and after each of its storage writes and checks that it recovers.")
{
    stageOption, writeOption, momentOption, againOption, fromOption, toOption, everyOption, listOption, lanesOption,
};
command.SetAction(async (parsed, cancellationToken) =>
{
    await using var emulator = await Emulator.StartAsync(cancellationToken);
    var rehearsal = new Rehearsal(emulator, rows: 40);
    var failed = 0;
    foreach (var stage in Enum.GetValues<Stage>().Where(s => parsed.GetValue(stageOption) is not { } only || only == s))
    {
        var expected = await rehearsal.UndisturbedAsync(stage, cancellationToken);
        Console.WriteLine($"{stage}: {expected.Writes.Count} writes; {string.Join(", ", expected.Tables.Select(t => $"{t.Name} {t.Rows}"))}");
        if (parsed.GetValue(listOption))
        {
            expected.Writes.ToList().ForEach(Console.WriteLine);
            continue;
        }

        var moments = Enum.GetValues<Moment>().Where(m => parsed.GetValue(momentOption) is not { } only || only == m).ToList();
        var first = parsed.GetValue(writeOption) ?? parsed.GetValue(fromOption);
        var last = parsed.GetValue(writeOption) ?? parsed.GetValue(toOption) ?? expected.Writes.Count + 5;
        var cases = Enumerable.Range(0, Math.Max(0, (last - first) / parsed.GetValue(everyOption) + 1)).SelectMany(i => moments.Select(m => new KillCase
        {
            Stage = stage,
            Write = first + (i * parsed.GetValue(everyOption)),
            Moment = m,
            WriteOfRecovery = parsed.GetValue(againOption),
        }));
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = parsed.GetValue(lanesOption), CancellationToken = cancellationToken }, async (c, stop) =>
        {
            var result = await rehearsal.PlayAsync(c, expected, stop);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(result.Passed ? "ok  " : "FAIL")} {result.Seconds,6:F1} s  {c}  {result.KilledAt?.ToString() ?? "not reached"}"));
            foreach (var problem in result.Problems)
            {
                Console.WriteLine($"       {problem}");
            }

            failed += result.Passed ? 0 : 1;
        });
    }

    Console.WriteLine($"{failed} failed");
    return failed == 0 ? 0 : 1;
});
return await command.Parse(args).InvokeAsync();
