using System.CommandLine;
using Pipeline.Faults;
using Pipeline.Faults.Cases;
using Pipeline.Faults.Lakes;
using Pipeline.Faults.Parsers;
using Pipeline.Faults.Sources;
using Pipeline.Faults.Storage;
using Pipeline.Faults.Streaming;

var stage = new Option<Stage?>("--stage") { Description = "first: the first run on an empty account; changed: a run after a file changed. Without it both." };
var write = new Option<int?>("--write") { Description = "Kill at this write only." };
var moment = new Option<Moment?>("--moment") { Description = "before: storage never sees the write; after: its answer is never read; late: it arrives while the app that was started again is at work. Without it all." };
var time = new Option<double?>("--time") { Description = "With --larger: kill this many seconds after the run was asked for." };
var again = new Option<int?>("--again") { Description = "Kill once more, at this write of the app that was started again." };
var from = new Option<int>("--from") { Description = "The first write to kill at.", DefaultValueFactory = _ => 1 };
var to = new Option<int?>("--to") { Description = "The last write to kill at." };
var every = new Option<int>("--every") { Description = "Kill at every n-th write only.", DefaultValueFactory = _ => 1 };
var larger = new Option<bool>("--larger") { Description = "Kill at 20 random moments of a run with 200,000 orders instead." };
var seed = new Option<int>("--seed") { Description = "Decides the random moments.", DefaultValueFactory = _ => 1 };
var lanes = new Option<int>("--lanes") { Description = "How many cases are played side by side.", DefaultValueFactory = _ => 2 };
var list = new Option<bool>("--list") { Description = "Only show the writes of undisturbed runs." };
var command = new RootCommand("Kills the app before and after each of its storage writes, starts it again, and checks that its run completes by itself with every row exactly once.")
{
    stage, write, moment, time, again, from, to, every, larger, seed, lanes, list,
};
command.SetAction(async (parsed, cancellationToken) =>
{
    await using var emulator = await Emulator.StartAsync(cancellationToken);
    var programme = new Programme(emulator, new Selection
    {
        Stage = parsed.GetValue(stage),
        Write = parsed.GetValue(write),
        Moment = parsed.GetValue(moment),
        Time = parsed.GetValue(time),
        Again = parsed.GetValue(again),
        From = parsed.GetValue(from),
        To = parsed.GetValue(to),
        Every = parsed.GetValue(every),
        Seed = parsed.GetValue(seed),
        Lanes = parsed.GetValue(lanes),
    });
    if (parsed.GetValue(list))
    {
        await programme.ListAsync(cancellationToken);
        return 0;
    }

    var failed = parsed.GetValue(larger) ? await programme.PlayLargeAsync(cancellationToken) : await programme.PlaySmallAsync(cancellationToken);
    Console.WriteLine($"{failed} case(s) failed.");
    return failed == 0 ? 0 : 1;
});
ContentionCommand.AddTo(command);
LakehouseCommand.AddTo(command);
ParsersCommand.AddTo(command);
SourcesCommand.AddTo(command);
StreamingCommand.AddTo(command);
return await command.Parse(args).InvokeAsync();
