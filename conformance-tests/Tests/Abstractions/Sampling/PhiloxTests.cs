using System.Runtime.Intrinsics.X86;

namespace Tokenwright.Tests;

public class PhiloxTests
{
    private static readonly (uint, uint, uint) Stream = (0x85a308d3, 0x13198a2e, 0x03707344);
    private static readonly (uint, uint) Key = (0xa4093822, 0x299f31d0);

    // The philox4x32 10 lines of Random123's known-answer vectors.
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void A_block_gives_the_published_answer(string counter, string key, string answer)
    {
        var c = counter.Split(' ').Select(word => Convert.ToUInt32(word, 16)).ToArray();
        var k = key.Split(' ').Select(word => Convert.ToUInt32(word, 16)).ToArray();

        var (x0, x1, x2, x3) = Philox.Block((c[0], c[1], c[2], c[3]), (k[0], k[1]));

        $"{x0:x8} {x1:x8} {x2:x8} {x3:x8}".Should().Be(answer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(150_001)]
    [InlineData(int.MaxValue - 400)]
    public void A_fill_gives_each_id_its_word_at_every_length(int start)
    {
        for (var length = 0; length <= 300; length++)
        {
            var words = new uint[length];
            Philox.Fill(words, start, Stream, Key);
            for (var i = 0; i < length; i++)
            {
                words[i].Should().Be(Philox.Word((uint)(start + i), Stream, Key));
            }
        }
    }

    [Fact]
    public void All_vector_widths_give_the_same_bits_as_the_scalar_form()
    {
        const int start = 4 * 12345;
        var expected = new uint[1024];
        Philox.FillScalar(expected, start, Stream, Key);

        if (Avx512F.IsSupported)
        {
            var words = new uint[1024];
            Philox.FillVector512(words, start, Stream, Key).Should().Be(1024);
            words.Should().Equal(expected);
        }
        if (Avx2.IsSupported)
        {
            var words = new uint[1024];
            Philox.FillVector256(words, start, Stream, Key).Should().Be(1024);
            words.Should().Equal(expected);
        }
    }

    [Fact]
    public void Gathering_gives_scattered_ids_their_words_in_all_widths()
    {
        var random = new Random(3);
        for (var length = 0; length <= 70; length++)
        {
            var ids = Enumerable.Range(0, length).Select(_ => random.Next()).ToArray();
            var expected = ids.Select(id => Philox.Word((uint)id, Stream, Key)).ToArray();
            var words = new uint[length];

            Philox.Gather(ids, words, Stream, Key);
            words.Should().Equal(expected);
            if (Avx512F.IsSupported)
            {
                var done = Philox.GatherVector512(ids, words, Stream, Key);
                words[..done].Should().Equal(expected[..done]);
            }
            if (Avx2.IsSupported)
            {
                Array.Clear(words);
                var done = Philox.GatherVector256(ids, words, Stream, Key);
                words[..done].Should().Equal(expected[..done]);
            }
        }
    }
}
