namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Python's operators. Whole numbers have 64 bits here: beyond that is a fault.</summary>
internal static class Arithmetic
{
    public static object Apply(Interpreter interpreter, string operation, object a, object b)
    {
        Interpreter.ThrowIfUndefined(a);
        Interpreter.ThrowIfUndefined(b);
        try
        {
            return Join(interpreter, operation, a, b)
                ?? Compute(operation, a, b)
                ?? throw new TemplateFault(
                    $"unsupported operand type(s) for {operation}: '{Types.Name(a)}' and '{Types.Name(b)}'"
                );
        }
        catch (OverflowException)
        {
            throw new TemplateFault($"the result of {operation} has more than 64 bits");
        }
    }

    public static object Negate(object value, bool minus)
    {
        Interpreter.ThrowIfUndefined(value);
        return value switch
        {
            double number => (object)(minus ? -number : number),
            long.MinValue when minus => throw new TemplateFault("the result of - has more than 64 bits"),
            _ when Types.Whole(value) is { } number => minus ? -number : number,
            _ => throw new TemplateFault($"bad operand type for unary {(minus ? '-' : '+')}: '{Types.Name(value)}'"),
        };
    }

    // What + * and % do with strings and lists.
    private static object? Join(Interpreter interpreter, string operation, object a, object b)
    {
        switch (operation, a, b)
        {
            case ("+", string left, string right):
                return interpreter.Concat(left, right);
            case ("+", string, _):
                throw new TemplateFault($"can only concatenate str (not \"{Types.Name(b)}\") to str");
            case ("+", Sequence { Kind: < SequenceKind.Range } left, Sequence right) when left.Kind == right.Kind:
                interpreter.Spend((left.Count + right.Count) * 8L);
                return new Sequence(left.Kind, [.. left.Take(), .. right.Take()]);
            case ("*", string text, _) when Types.Whole(b) is { } times:
                return Repeat(interpreter, text, times);
            case ("*", _, string text) when Types.Whole(a) is { } times:
                return Repeat(interpreter, text, times);
            case ("*", Sequence { Kind: < SequenceKind.Range } items, _) when Types.Whole(b) is { } times:
                return Repeat(interpreter, items, times);
            case ("*", _, Sequence { Kind: < SequenceKind.Range } items) when Types.Whole(a) is { } times:
                return Repeat(interpreter, items, times);
            case ("%", string format, _):
                return Formats.Percent(interpreter, format, b);
            default:
                return null;
        }
    }

    private static string Repeat(Interpreter interpreter, string text, long times)
    {
        if (times <= 0 || text.Length == 0)
        {
            return "";
        }

        interpreter.Spend(Product(text.Length, times));
        return string.Concat(Enumerable.Repeat(text, (int)times));
    }

    private static Sequence Repeat(Interpreter interpreter, Sequence items, long times)
    {
        if (times <= 0 || items.Count == 0)
        {
            return new Sequence(items.Kind, []);
        }

        interpreter.Spend(Product(items.Count * 8L, times));
        return new Sequence(items.Kind, [.. Enumerable.Repeat(items.Take(), (int)times).SelectMany(part => part)]);
    }

    private static long Product(long a, long b) => Math.BigMul(a, b, out long low) == 0 && low >= 0 ? low : long.MaxValue / 2;

    private static object? Compute(string operation, object a, object b)
    {
        if (Types.Whole(a) is { } m && Types.Whole(b) is { } n)
        {
            return Whole(operation, m, n);
        }

        if (Types.Number(a) is not { } x || Types.Number(b) is not { } y)
        {
            return null;
        }

        return operation switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / NotZero(y),
            "//" => Math.Floor(x / NotZero(y)),
            "%" => Remainder(x, NotZero(y)),
            "**" => Power(x, y),
            _ => null,
        };
    }

    private static object? Whole(string operation, long m, long n)
    {
        checked
        {
            return operation switch
            {
                // Without the cast, the whole switch would be of type double.
                "+" => (object)(m + n),
                "-" => m - n,
                "*" => m * n,
                "/" => m / NotZero(n),
                "//" => (long)Floor(m, n),
                "%" => (long)(m - Floor(m, n) * n),
                "**" => n < 0 ? (object)Power(m, n) : WholePower(m, n),
                _ => null,
            };
        }
    }

    private static Int128 Floor(Int128 m, Int128 n)
    {
        NotZero((double)n);
        Int128 quotient = m / n;
        return quotient * n != m && (m < 0) != (n < 0) ? quotient - 1 : quotient;
    }

    private static long WholePower(long m, long n)
    {
        if (m is 0 or 1 or -1)
        {
            return n == 0 ? 1
                : m == -1 && n % 2 == 0 ? 1
                : m;
        }

        long power = 1;
        for (; n > 0; n--)
        {
            power = checked(power * m); // overflows before the 64th turn
        }

        return power;
    }

    private static double Remainder(double x, double y)
    {
        double rest = x % y;
        return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    }

    private static double Power(double x, double y) =>
        x == 0 && y < 0 ? throw new TemplateFault("0.0 cannot be raised to a negative power")
        : x < 0 && y != Math.Floor(y) ? throw new TemplateFault("a power that is a complex number is not supported")
        : Math.Pow(x, y);

    private static double NotZero(double divisor) => divisor != 0 ? divisor : throw new TemplateFault("division by zero");
}
