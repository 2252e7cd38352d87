using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Tokenwright.Tests;

public class StopMatcherTests
{
    [Fact]
    public void A_stop_string_may_span_tokens_and_be_cut_inside_a_character()
    {
        var matcher = new StopMatcher(["€uro"]);
        var bytes = Encoding.UTF8.GetBytes("10 €uro!");
        matcher.Append(bytes.AsSpan(0, 4)).Should().BeFalse();
        matcher.SafeLength.Should().Be(3, "the first byte of € may begin the stop string");
        matcher.Append(bytes.AsSpan(4, 4)).Should().BeFalse();
        matcher.SafeLength.Should().Be(3);
        matcher.Append(bytes.AsSpan(8)).Should().BeTrue();
        (matcher.Match, matcher.MatchStart, matcher.SafeLength, matcher.Length).Should().Be((0, 3, 3, 9));
    }

    [Fact]
    public void Of_those_completed_together_the_earliest_start_wins()
    {
        var matcher = new StopMatcher(["c", "bc", "abc"]);
        matcher.Append("xabc"u8).Should().BeTrue();
        (matcher.Match, matcher.MatchStart).Should().Be((2, 1));
    }

    [Fact]
    public void The_one_completed_first_wins_however_the_text_is_cut()
    {
        var whole = new StopMatcher(["abcd", "bc"]);
        whole.Append("abcd"u8).Should().BeTrue();
        var pieces = new StopMatcher(["abcd", "bc"]);
        pieces.Append("ab"u8).Should().BeFalse();
        pieces.SafeLength.Should().Be(0);
        pieces.Append("cd"u8).Should().BeTrue();
        (whole.Match, whole.MatchStart).Should().Be((1, 1));
        (pieces.Match, pieces.MatchStart).Should().Be((1, 1));
    }

    [Fact]
    public void What_might_have_become_a_stop_string_is_released_when_it_does_not()
    {
        var matcher = new StopMatcher(["aab"]);
        matcher.Append("aaaa"u8);
        matcher.SafeLength.Should().Be(2);
        matcher.Append("c"u8);
        matcher.SafeLength.Should().Be(5);
    }

    [Fact]
    public void Without_stop_strings_everything_is_safe()
    {
        var matcher = new StopMatcher([]);
        matcher.Append("anything"u8).Should().BeFalse();
        matcher.SafeLength.Should().Be(8);
    }

    [Fact]
    public void After_a_match_nothing_changes_until_it_is_reset()
    {
        var matcher = new StopMatcher(["\n\n"]);
        matcher.Append("a\n\nb\n\n"u8).Should().BeTrue();
        matcher.Append("c"u8).Should().BeTrue();
        (matcher.Length, matcher.MatchStart).Should().Be((3, 1));
        matcher.Reset();
        matcher.Append("\n"u8).Should().BeFalse();
        (matcher.IsMatched, matcher.Match, matcher.MatchStart, matcher.SafeLength).Should().Be((false, -1, -1, 0));
    }

    [Fact]
    public void A_stop_string_without_whole_characters_is_refused()
    {
        foreach (var stop in new[] { "", "\ud83c" })
        {
            var build = () => new StopMatcher(["ok", stop]);
            build.Should().Throw<ArgumentException>().WithMessage("Stop string 1*");
        }
    }

    [Fact]
    public void Appending_allocates_nothing()
    {
        var matcher = new StopMatcher(["<|end|>", "\n\n", "stop"]);
        matcher.Append("warm"u8);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            matcher.Append("some text, sto and <|en"u8);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private sealed record Case(string[] Stops, string Text, int[] Cuts);

    [Fact]
    public void Any_text_in_any_pieces_matches_as_a_search_of_the_whole_does()
    {
        var text = Gen.Elements("a", "b", "c", "é", "€", "🎉", "🎊");
        var cases =
            from stops in Few(text, 1, 4).ListOf(3)
            from body in Few(text, 0, 25)
            from cuts in Gen.Choose(1, 5).ListOf(10)
            select new Case([.. stops], body, [.. cuts]);
        Prop.ForAll(cases.ToArbitrary(), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    private static Gen<string> Few(Gen<string> parts, int least, int most) =>
        from length in Gen.Choose(least, most)
        from chosen in parts.ListOf(length)
        select string.Concat(chosen);

    private static void Check(Case sample)
    {
        var bytes = Encoding.UTF8.GetBytes(sample.Text);
        var matcher = new StopMatcher(sample.Stops);
        var (done, safe) = (0, 0);
        for (var i = 0; done < bytes.Length; i++)
        {
            var count = Math.Min(sample.Cuts[i % sample.Cuts.Length], bytes.Length - done);
            var matched = matcher.Append(bytes.AsSpan(done, count));
            done += count;

            var (start, end) = Search(sample.Stops, bytes.AsSpan(0, done));
            matched.Should().Be(start >= 0);
            matcher.MatchStart.Should().Be(start);
            matcher.Length.Should().Be(end);
            matcher.SafeLength.Should().Be(start >= 0 ? start : end - Pending(sample.Stops, bytes.AsSpan(0, done)));
            matcher.SafeLength.Should().BeGreaterThanOrEqualTo(safe);
            safe = matcher.SafeLength;
            if (matched)
                sample.Stops[matcher.Match].Should().Be(Encoding.UTF8.GetString(bytes.AsSpan(start..end)));
        }
    }

    /// <summary>The shortest beginning of the text that holds a stop string, and the earliest place of one in it.</summary>
    private static (int Start, int End) Search(string[] stops, ReadOnlySpan<byte> text)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var start = -1;
            foreach (var stop in stops)
                if (text[..end].IndexOf(Encoding.UTF8.GetBytes(stop)) is >= 0 and var found && (start < 0 || found < start))
                    start = found;
            if (start >= 0)
                return (start, end);
        }
        return (-1, text.Length);
    }

    /// <summary>Length of the longest end of the text with which a stop string begins.</summary>
    private static int Pending(string[] stops, ReadOnlySpan<byte> text)
    {
        for (var length = text.Length; length > 0; length--)
            foreach (var stop in stops)
                if (Encoding.UTF8.GetBytes(stop).AsSpan().StartsWith(text[^length..]))
                    return length;
        return 0;
    }
}
