using Spectre.Console;

namespace Pipeline.Local;

/// <summary>What the user sees. Results go to standard output; when they are for a program (--json, --csv), everything said to people goes to standard error.</summary>
internal sealed class Screen(IAnsiConsole people, TextWriter results)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Where people read.</summary>
    public IAnsiConsole People { get; } = people;

    /// <summary>Where a program reads the one document it asked for.</summary>
    public TextWriter Results { get; } = results;

    /// <summary>True if a person looks at it as it comes: progress bars and tables, else plain lines.</summary>
    public bool IsTerminal => People.Profile.Out.IsTerminal;

    /// <summary>A screen for people, whose words go elsewhere if the output is for a program.</summary>
    public static Screen Of(TextWriter output, TextWriter error, bool forProgram) =>
        new(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(forProgram ? error : output) }), output);

    /// <summary>Writes a line as it is: no markup and, in a pipe, not wrapped.</summary>
    public void Line(string text = "")
    {
        if (IsTerminal)
        {
            People.WriteLine(text);
        }
        else
        {
            People.Profile.Out.Writer.WriteLine(text);
        }
    }

    public void Heading(string text)
    {
        Line();
        if (IsTerminal)
        {
            People.Write(new Text(text + "\n", new Style(decoration: Decoration.Bold)));
        }
        else
        {
            Line(text);
        }
    }

    /// <summary>Awaits work and says what is being waited for, once it takes more than a second.</summary>
    public async Task WaitingAsync(string what, Task work)
    {
        if (await Task.WhenAny(work, Task.Delay(Patience)) != work)
        {
            Line(what);
        }

        await work;
    }

    /// <inheritdoc cref="WaitingAsync(string, Task)"/>
    public async Task<T> WaitingAsync<T>(string what, Task<T> work)
    {
        await WaitingAsync(what, (Task)work);
        return await work;
    }
}
