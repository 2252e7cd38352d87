namespace Tokenwright.Tests;

public class DrawKeyTests
{
    [Fact]
    public void A_key_gives_back_what_it_names()
    {
        var key = DrawKey.InRound(7, DrawStream.Residual, 123_456, DrawKey.MaxNode, DrawKey.MaxDraw);

        key.Sequence.Should().Be(7);
        key.Stream.Should().Be(DrawStream.Residual);
        key.Position.Should().Be(123_456);
        key.Node.Should().Be(DrawKey.MaxNode);
        key.Draw.Should().Be(DrawKey.MaxDraw);
        DrawKey.At(3, int.MaxValue).Position.Should().Be(int.MaxValue);
        DrawKey.At(3, 9).Stream.Should().Be(DrawStream.Pick);
    }

    [Fact]
    public void Different_keys_have_different_counter_words()
    {
        int[] sequences = [0, 1, 2, int.MaxValue];
        int[] lengths = [0, 1, 2, 4096, int.MaxValue];
        int[] nodes = [0, 1, 15, 16, DrawKey.MaxNode];
        int[] draws = [0, 1, 255, 256, DrawKey.MaxDraw];
        var keys = new List<DrawKey>();
        foreach (var sequence in sequences)
        {
            foreach (var length in lengths)
            {
                keys.Add(DrawKey.At(sequence, length));
                for (var stream = 1; stream < 16; stream++)
                {
                    foreach (var node in nodes)
                    {
                        keys.AddRange(draws.Select(draw => DrawKey.InRound(sequence, (DrawStream)stream, length, node, draw)));
                    }
                }
            }
        }

        keys.Select(key => key.Words).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void A_key_out_of_range_is_refused()
    {
        var bad = new Action[]
        {
            () => DrawKey.At(-1, 0),
            () => DrawKey.At(0, -1),
            () => DrawKey.InRound(-1, DrawStream.Accept, 0),
            () => DrawKey.InRound(0, DrawStream.Pick, 0),
            () => DrawKey.InRound(0, (DrawStream)16, 0),
            () => DrawKey.InRound(0, (DrawStream)(-1), 0),
            () => DrawKey.InRound(0, DrawStream.Accept, -1),
            () => DrawKey.InRound(0, DrawStream.Accept, 0, -1),
            () => DrawKey.InRound(0, DrawStream.Accept, 0, DrawKey.MaxNode + 1),
            () => DrawKey.InRound(0, DrawStream.Accept, 0, 0, -1),
            () => DrawKey.InRound(0, DrawStream.Accept, 0, 0, DrawKey.MaxDraw + 1),
        };

        bad.Should().AllSatisfy(make => make.Should().Throw<ArgumentOutOfRangeException>());
    }
}
