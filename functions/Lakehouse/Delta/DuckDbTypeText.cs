using System.Globalization;
using System.Text;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Reads a type as DuckDB writes it, such as <c>STRUCT(a INTEGER, "b c" MAP(VARCHAR, DECIMAL(18,4))[])</c>, into a Delta type.</summary>
internal sealed class DuckDbTypeText(string column, string text)
{
    private int position;

    public DeltaType Parse()
    {
        var type = Type();
        return position == text.Length ? type : throw Unreadable();
    }

    private DeltaType Type()
    {
        var type = Element();
        while (Take('['))
        {
            while (!Take(']'))
            {
                // A list of fixed length is a list.
                position = position < text.Length ? position + 1 : throw Unreadable();
            }

            type = new ArrayType(type);
        }

        return type;
    }

    private DeltaType Element()
    {
        var start = position;
        var name = position < text.Length && text[position] == '"' ? $"\"{Quoted('"')}\"" : Words();
        if (!Take('('))
        {
            return DeltaTypes.Primitive(column, name);
        }

        switch (name)
        {
            case "STRUCT":
                return new StructType(new DeltaSchema { Fields = Fields() });
            case "MAP":
                var key = Type();
                Expect(',');
                var value = Type();
                Expect(')');
                return new MapType(key, value);
            case "DECIMAL":
                var precision = Number();
                Expect(',');
                var scale = Number();
                Expect(')');
                return DeltaTypes.Decimal(precision, scale);
            case "ENUM":
                SkipArguments();
                return DeltaTypes.Primitive(column, name);
            default:
                SkipArguments();
                return DeltaTypes.Primitive(column, text[start..position]);
        }
    }

    private List<DeltaField> Fields()
    {
        var fields = new List<DeltaField>();
        do
        {
            var name = Peek() == '"' ? Quoted('"') : Word();
            Take(' ');
            fields.Add(new DeltaField { Name = name, Type = Type() });
        }
        while (Take(','));

        Expect(')');
        return fields;
    }

    private char Peek()
    {
        while (position < text.Length && text[position] == ' ')
        {
            position++;
        }

        return position < text.Length ? text[position] : throw Unreadable();
    }

    private string Words()
    {
        Peek();
        var start = position;
        while (position < text.Length && text[position] is not ('(' or ')' or '[' or ']' or ','))
        {
            position++;
        }

        return text[start..position].TrimEnd();
    }

    private string Word()
    {
        var start = position;
        while (position < text.Length && text[position] != ' ')
        {
            position++;
        }

        return text[start..position];
    }

    private string Quoted(char quote)
    {
        var content = new StringBuilder();
        for (position++; position < text.Length; position++)
        {
            if (text[position] == quote && (position + 1 == text.Length || text[position + 1] != quote))
            {
                position++;
                return content.ToString();
            }

            position += text[position] == quote ? 1 : 0;
            content.Append(text[position]);
        }

        throw Unreadable();
    }

    private void SkipArguments()
    {
        for (var depth = 1; depth > 0;)
        {
            switch (Peek())
            {
                case '\'' or '"':
                    Quoted(text[position]);
                    continue;
                case '(':
                    depth++;
                    break;
                case ')':
                    depth--;
                    break;
            }

            position++;
        }
    }

    private int Number() => int.TryParse(Words(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Unreadable();

    private bool Take(char expected)
    {
        if (position < text.Length && text[position] == expected)
        {
            position++;
            return true;
        }

        return false;
    }

    private void Expect(char expected)
    {
        if (!Take(expected))
        {
            throw Unreadable();
        }
    }

    private TerminalException Unreadable() => new($"The column '{column}' has the type '{text}', which cannot be read at position {position}; "
        + "expected a type as DuckDB's DESCRIBE writes it.");
}
