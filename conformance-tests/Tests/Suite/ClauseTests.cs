using System.Text.RegularExpressions;
using Tokenwright.Conformance;
using Tokenwright.Conformance.Specs;
using Tokenwright.Host;

namespace Tokenwright.Tests.Suite;

/// <summary>The clauses as a book: ids, words, and the face that xunit shows.</summary>
public sealed partial class ClauseTests
{
    private static readonly Type[] Specs =
    [
        .. typeof(SpecBase).Assembly.GetTypes().Where(type => type.IsAbstract && type.IsSubclassOf(typeof(SpecBase))),
    ];

    [Fact]
    public void Ids_are_unique_and_name_their_seam()
    {
        Clause.All.Select(clause => clause.Id).Should().OnlyHaveUniqueItems();
        foreach (var group in Clause.All.GroupBy(clause => clause.Seam))
        {
            group.Select(clause => clause.Id[..4]).Distinct().Should().ContainSingle();
            group.Should().OnlyContain(clause => Id().IsMatch(clause.Id));
        }

        Clause.All.Select(clause => clause.Seam).Distinct().Should().HaveCount(1 + Enum.GetValues<Seam>().Length);
    }

    [Fact]
    public void Every_clause_says_what_why_how_and_what_a_failure_shows()
    {
        foreach (var clause in Clause.All)
        {
            foreach (string text in new[] { clause.Promise, clause.Why, clause.How, clause.Failure })
            {
                text.Should().EndWith(".", clause.Id);
                text.Length.Should().BeGreaterThan(9, clause.Id);
            }
        }
    }

    [Fact]
    public void Every_clause_is_a_spec_of_its_seam_and_can_be_overridden()
    {
        foreach (var clause in Clause.All)
        {
            string name = NotWord().Replace(clause.Promise, "_").Trim('_');
            string expected = $"{clause.Seam?.ToString() ?? "Plugin"}Specs";
            var methods = Specs
                .Select(type => (Type: type, Method: type.GetMethod(name)))
                .Where(one => one.Method is not null)
                .ToArray();
            methods.Should().ContainSingle(one => one.Type.Name == expected, clause.Id);
            methods.Should().OnlyContain(one => one.Method!.IsVirtual && one.Method.IsDefined(typeof(FactAttribute), true));
        }
    }

    [Fact]
    public void Every_level_has_clauses() =>
        Clause.All.Select(clause => clause.Level).Distinct().Should().HaveCount(Enum.GetValues<Level>().Length);

    [GeneratedRegex("^[A-Z]{3}-[0-9]{3}$")]
    private static partial Regex Id();

    [GeneratedRegex("[^A-Za-z0-9]+")]
    private static partial Regex NotWord();
}
