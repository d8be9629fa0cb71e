using System.CommandLine;
using System.Runtime.InteropServices;
using Pipeline.Local;
using Pipeline.Local.Commands;

// A closed terminal stops what was started, as Ctrl-C does.
using var hangUp = new CancellationTokenSource();
using var signal = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
{
    context.Cancel = true;
    hangUp.Cancel();
});

_ = ParentWatch.WatchAsync(hangUp.Cancel, CancellationToken.None);

// Stopping lets the app and the emulator end in an orderly way, one after the other.
var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(40) };
return await CommandLine.Create(CommandLine.AppFile()).Parse(args).InvokeAsync(invocation, hangUp.Token);
