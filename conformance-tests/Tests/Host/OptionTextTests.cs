using System.Globalization;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class OptionTextTests
{
    public enum Colour
    {
        Red,
        DarkBlue,
    }

    [Theory]
    [InlineData(typeof(bool), "true", true)]
    [InlineData(typeof(bool), "False", false)]
    [InlineData(typeof(int), "-12", -12)]
    [InlineData(typeof(long), "9000000000", 9000000000L)]
    [InlineData(typeof(float), "0.5", 0.5f)]
    [InlineData(typeof(double), "1e-3", 0.001)]
    [InlineData(typeof(string), "a, b", "a, b")]
    [InlineData(typeof(Colour), "darkblue", Colour.DarkBlue)]
    [InlineData(typeof(Colour), "dark-blue", Colour.DarkBlue)]
    [InlineData(typeof(int?), "3", 3)]
    [InlineData(typeof(int?), "none", null)]
    [InlineData(typeof(int?), "", null)]
    [InlineData(typeof(Colour?), "red", Colour.Red)]
    public void A_value_is_read(Type type, string text, object? value)
    {
        OptionText.TryParse(type, text, out object? read).Should().BeTrue();
        read.Should().Be(value);
    }

    [Theory]
    [InlineData(typeof(bool), "1")]
    [InlineData(typeof(int), "1.5")]
    [InlineData(typeof(int), "3000000000")]
    [InlineData(typeof(int), "")]
    [InlineData(typeof(int), "1,000")]
    [InlineData(typeof(double), "0,5")]
    [InlineData(typeof(double), "NaN")]
    [InlineData(typeof(float), "half")]
    [InlineData(typeof(Colour), "0")]
    [InlineData(typeof(Colour), "green")]
    [InlineData(typeof(int?), "x")]
    [InlineData(typeof(NodeCount), "-1")]
    [InlineData(typeof(NodeCount), "none")]
    [InlineData(typeof(IReadOnlyList<int>), "1,x")]
    [InlineData(typeof(IReadOnlyList<int>), "1,")]
    public void What_is_no_such_value_is_refused(Type type, string text) =>
        OptionText.TryParse(type, text, out _).Should().BeFalse();

    [Fact]
    public void Lists_are_separated_by_commas_and_a_backslash_takes_one_literally()
    {
        OptionText.TryParse(typeof(IReadOnlyList<string>), @"a\,b,c\\,", out object? read).Should().BeTrue();
        read.Should().BeEquivalentTo(new[] { "a,b", @"c\", "" }, options => options.WithStrictOrdering());
        OptionText.Format(read).Should().Be(@"a\,b,c\\,");
        OptionText.TryParse(typeof(int[]), "1,-2", out read).Should().BeTrue();
        read.Should().BeEquivalentTo(new[] { 1, -2 });
        OptionText.TryParse(typeof(IReadOnlyList<string>), "", out read).Should().BeTrue();
        read.Should().BeEquivalentTo(Array.Empty<string>());
    }

    [Fact]
    public void The_culture_of_the_user_changes_nothing()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            var commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            commas.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = commas;
            OptionText.TryParse(typeof(double), "0.5", out object? read).Should().BeTrue();
            OptionText.Format(read).Should().Be("0.5");
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Theory]
    [InlineData(typeof(int), "a whole number")]
    [InlineData(typeof(double?), "a number, or none")]
    [InlineData(typeof(Colour), "one of red, dark-blue")]
    [InlineData(typeof(IReadOnlyList<bool>), "a list, separated by commas, each true or false")]
    [InlineData(typeof(NodeCount), "auto or a whole number up to 1024")]
    [InlineData(typeof(DateTime), null)]
    [InlineData(typeof(List<int>), null)]
    public void A_type_is_put_in_words(Type type, string? words) => OptionText.Describe(type).Should().Be(words);
}
