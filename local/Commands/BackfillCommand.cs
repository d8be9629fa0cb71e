using System.CommandLine;

namespace Pipeline.Local.Commands;

/// <summary>backfill: makes partitions anew from what has landed, by the definition of now.</summary>
internal static class BackfillCommand
{
    public static Command Create(SharedOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "The pipeline" };
        var from = new Option<string>("--from") { Description = "The first partition: a day, month or year, e.g. 2013-01", HelpName = "DATE", Required = true };
        var to = new Option<string>("--to") { Description = "The last partition, e.g. 2013-06: it is made anew too", HelpName = "DATE", Required = true };
        var select = new Option<string[]>("--select")
        {
            Description = "Only these tables of silver and models, e.g. silver.orders, or silver.orders+ with all that follows from it; without it all tables of silver with such partitions, and all that follows",
            HelpName = "STEP",
            AllowMultipleArgumentsPerToken = true,
        };
        var pipelines = new Option<DirectoryInfo>("--pipelines") { Description = "A folder that holds the folder NAME: uploaded, its definition wins over the app's", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "Print the run's summary as one JSON document" };
        pipelines.AcceptExistingOnly();
        var command = new Command("backfill", "Make the partitions of some days anew by the definition of now, in one run; the rest stays as it is") { name, from, to, select, pipelines, json };
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var request = new PipelineRun
            {
                Pipeline = arguments.GetRequiredValue(name),
                PipelinesFolder = arguments.GetValue(pipelines)?.FullName,
                Asked = new RunBody { Select = arguments.GetValue(select) ?? [], Backfill = RangeBody.Of(arguments.GetValue(from), arguments.GetValue(to)) },
            };
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            return RunCommand.RunAsync(options.Read(arguments), screen, request, forProgram, cancellationToken);
        });
        return command;
    }
}
