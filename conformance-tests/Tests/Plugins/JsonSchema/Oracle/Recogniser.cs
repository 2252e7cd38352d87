using System.Text;
using System.Text.Json;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// Reads a text byte by byte and follows all ways in which it can still become a document of a <see cref="RawSchema"/>: which bytes may come is
/// what is left of them. Slow and plain.
/// </summary>
internal sealed class Recogniser(RawSchema schema, int gap)
{
    private static readonly Dictionary<byte, (byte[] Text, JsonValueKind Kind)> Literals = new()
    {
        [(byte)'t'] = ("true"u8.ToArray(), JsonValueKind.True),
        [(byte)'f'] = ("false"u8.ToArray(), JsonValueKind.False),
        [(byte)'n'] = ("null"u8.ToArray(), JsonValueKind.Null),
    };

    private enum Point
    {
        Value,
        Literal,
        String,
        Number,
        Key,
        Colon,
        FirstKey,
        NextKey,
        AfterMember,
        FirstItem,
        NextItem,
        AfterItem,
        Done,
    }

    /// <summary>An open object or array.</summary>
    private sealed record Frame(Frame? Outer, Way Way, HashSet<string>? Used, int Items)
    {
        private Frame? _next;

        public Frame WithItem => _next ??= new(Outer, Way, null, Items + 1);

        // Frames are told apart by identity: the same one is reached in the same way.
        public bool Equals(Frame? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }

    /// <summary>The bytes of a key, newest first.</summary>
    private sealed record Typed(Typed? Before, byte Value)
    {
        public bool Equals(Typed? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }

    /// <summary>One way to read the text.</summary>
    private readonly record struct Reading(
        Point Point,
        Frame? Top,
        int Count = 0,
        Demand? Demand = null,
        Lexeme? Lexeme = null,
        Typed? Typed = null,
        byte[]? Literal = null
    );

    /// <summary>All ways to read some bytes.</summary>
    internal sealed class State
    {
        private readonly Reading[] _readings;

        private State(Reading[] readings) => _readings = readings;

        /// <summary>Whether the bytes are a whole document.</summary>
        public bool IsEnd =>
            Array.Exists(_readings, r => r.Point == Point.Done || r is { Point: Point.Number, Top: null, Lexeme.IsEnd: true });

        internal static State Begin(RawSchema schema) => new([new Reading(Point.Value, null, Demand: schema.Root)]);

        internal State? Step(Recogniser recogniser, byte value)
        {
            // Most of a vocabulary is free text: where nothing changes there is nothing to make.
            if (value != '"' && _readings is [{ Point: Point.String } only])
            {
                var inside = only.Lexeme!.Next(value);
                return inside is null ? null
                    : inside == only.Lexeme ? this
                    : new State([only with { Lexeme = inside }]);
            }
            var next = new List<Reading>();
            foreach (var reading in _readings)
                recogniser.Read(reading, value, next);
            return next.Count == 0 ? null
                : next.Count == 1 ? new State([next[0]])
                : new State([.. next.Distinct()]);
        }
    }

    /// <summary>The empty text; null where there is no document at all.</summary>
    public State? Start => schema.Root.Exists ? State.Begin(schema) : null;

    /// <summary>The state after one more byte; null where it may not come.</summary>
    public State? Step(State state, byte value) => state.Step(this, value);

    private void Read(in Reading at, byte value, List<Reading> next)
    {
        switch (at.Point)
        {
            case Point.String:
                if (value == '"' && at.Lexeme!.IsEnd)
                    Finish(at.Top, next);
                else if (at.Lexeme!.Next(value) is { } inside)
                    next.Add(at with { Lexeme = inside });
                return;
            case Point.Number:
                if (at.Lexeme!.Next(value) is { } more)
                    next.Add(at with { Lexeme = more });
                if (
                    at.Lexeme.IsEnd
                    && at.Top is not null
                    && value is (byte)',' or (byte)']' or (byte)'}' or (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r'
                )
                    AfterNumber(at.Top!, value, next);
                return;
            case Point.Literal:
                if (at.Literal![at.Count] != value)
                    return;
                if (at.Count + 1 == at.Literal.Length)
                    Finish(at.Top, next);
                else
                    next.Add(at with { Count = at.Count + 1 });
                return;
            case Point.Key:
                if (value == '"' && at.Lexeme!.IsEnd)
                    CloseKey(at, next);
                else if (at.Lexeme!.Next(value) is { } typed)
                    next.Add(at with { Lexeme = typed, Typed = new Typed(at.Typed, value) });
                return;
            case Point.Done:
                return;
        }
        if (value is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r')
        {
            if (at.Count < gap)
                next.Add(at with { Count = at.Count + 1 });
            return;
        }
        switch (at.Point)
        {
            case Point.Value:
                Value(at.Demand!, at.Top, value, next);
                return;
            case Point.Colon when value == ':':
                next.Add(at with { Point = Point.Value, Count = 0 });
                return;
            case Point.FirstKey or Point.NextKey when value == '"':
                if (StringLexeme.Start(schema.Places, at.Top!.Way.Keys(at.Top.Used!), true) is { } key)
                    next.Add(new Reading(Point.Key, at.Top, Lexeme: key));
                return;
            case Point.FirstKey or Point.AfterMember when value == '}':
                if (at.Top!.Way.CanClose(at.Top.Used!))
                    Finish(at.Top.Outer, next);
                return;
            case Point.AfterMember when value == ',':
                if (at.Top!.Way.Keys(at.Top.Used!).IsAlive)
                    next.Add(new Reading(Point.NextKey, at.Top));
                return;
            case Point.FirstItem or Point.AfterItem when value == ']':
                if (at.Top!.Items >= at.Top.Way.MinItems)
                    Finish(at.Top.Outer, next);
                return;
            case Point.FirstItem or Point.NextItem:
                if (at.Top!.Way.HasItem(at.Top.Items))
                    Value(at.Top.Way.Item(at.Top.Items), at.Top.WithItem, value, next);
                return;
            case Point.AfterItem when value == ',':
                if (at.Top!.Way.HasItem(at.Top.Items))
                    next.Add(new Reading(Point.NextItem, at.Top));
                return;
        }
    }

    private void Value(Demand demand, Frame? top, byte value, List<Reading> next)
    {
        foreach (var way in demand.Ways)
        {
            switch (value)
            {
                case (byte)'"':
                    if (StringLexeme.Start(schema.Places, way.Strings, false) is { } text)
                        next.Add(new Reading(Point.String, top, Lexeme: text));
                    break;
                case (byte)'{':
                    if (way.HasObjects)
                        next.Add(new Reading(Point.FirstKey, new Frame(top, way, [], 0)));
                    break;
                case (byte)'[':
                    if (way.HasArrays)
                        next.Add(new Reading(Point.FirstItem, new Frame(top, way, null, 0)));
                    break;
                case (byte)'t' or (byte)'f' or (byte)'n':
                    var (spelled, kind) = Literals[value];
                    if (way.AllowsLiteral(kind))
                        next.Add(new Reading(Point.Literal, top, 1, Literal: spelled));
                    break;
                default:
                    foreach (var rule in way.Numbers)
                    {
                        if (NumberLexeme.Start(rule).Next(value) is { } number)
                            next.Add(new Reading(Point.Number, top, Lexeme: number));
                    }
                    break;
            }
        }
    }

    /// <summary>A value is complete: goes on in what holds it.</summary>
    private static void Finish(Frame? top, List<Reading> next) =>
        next.Add(
            new Reading(
                top is null ? Point.Done
                    : top.Used is null ? Point.AfterItem
                    : Point.AfterMember,
                top
            )
        );

    private void AfterNumber(Frame top, byte value, List<Reading> next)
    {
        var after = new List<Reading>();
        Finish(top, after);
        Read(after[0], value, next);
    }

    private static void CloseKey(in Reading at, List<Reading> next)
    {
        var bytes = new List<byte> { (byte)'"' };
        for (var typed = at.Typed; typed is not null; typed = typed.Before)
            bytes.Insert(0, typed.Value);
        var key = JsonSerializer.Deserialize<string>("\"" + Encoding.UTF8.GetString([.. bytes]))!;
        var top = at.Top!;
        var open = new Frame(top.Outer, top.Way, [.. top.Used!, key], 0);
        next.Add(new Reading(Point.Colon, open, Demand: top.Way.Member(key)));
    }
}
