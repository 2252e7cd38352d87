using Tokenwright.Conformance;
using Tokenwright.Host;
using Tokenwright.Plugins.Combined;
using Tokenwright.Tests.Host;
using Tokenwright.Tests.Plugins.Drafting;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Combined;

public sealed class CombinedTests
{
    [Fact]
    public async Task What_two_drafters_name_comes_before_what_one_names()
    {
        var drafter = new CombinedDrafter
        {
            Nodes = 3,
            DrafterIds = ["a", "b"],
            Drafters = [new Fixed((7, 0.4f), (8, 0.3f)), new Fixed((8, 0.3f), (9, 0.2f))],
        };

        var tree = await Drafts.AfterAsync([1], drafter);

        Enumerable.Range(1, tree.Count - 1).Select(tree.Token).Should().Equal(8, 7, 9);
        tree.Score(1).Should().BeApproximately((float)Math.Log(1 - 0.7 * 0.7), 1e-4f);
    }

    [Fact]
    public void Claims_are_corrected_by_what_came()
    {
        var calibration = new Calibration();
        calibration.Probability(Math.Log(0.5)).Should().BeApproximately(0.5, 1e-9);
        for (int i = 0; i < 400; i++)
        {
            calibration.Count(Math.Log(0.5), came: i % 10 == 0);
        }

        calibration.Probability(Math.Log(0.5)).Should().BeInRange(0.08, 0.13);
        calibration.Probability(Math.Log(0.05)).Should().BeApproximately(0.05, 1e-9);
    }

    [Fact]
    public void The_combination_keeps_up_with_its_better_part()
    {
        var model = TableModel.Random(48, 1, seed: 3, spread: 3, context: 512);
        double PerPass(string drafter)
        {
            var stores = new SharedStores();
            int tokens = 0;
            int steps = 0;
            for (ulong seed = 0; seed < 4; seed++)
            {
                var text = Run.Text(Plain(model, [5, 6], 400, new KeyedRandomness(seed)).With(drafter, stores, 24));
                tokens += text.Tokens.Count;
                steps += text.Statistics.Steps;
            }

            return (double)tokens / steps;
        }

        PerPass("combined").Should().BeGreaterThan(0.95 * Math.Max(PerPass("suffix"), PerPass("token-recycling")));
    }

    [Fact]
    public async Task The_planner_makes_the_drafters_that_a_combination_names_and_takes_their_options()
    {
        using var workshop = new PluginWorkshop();
        foreach (string name in new[] { "Standard", "PromptLookup", "TokenRecycling", "Suffix", "Aded", "Combined" })
        {
            string folder = Directory.CreateDirectory(Path.Combine(workshop.Folder, name)).FullName;
            string dll = $"Tokenwright.Plugins.{name}.dll";
            File.Copy(Path.Combine(AppContext.BaseDirectory, dll), Path.Combine(folder, dll));
        }

        using var host = workshop.Load();
        host.Plugins.Diagnostics.Should().BeEmpty();
        var planner = new Planner(host.Plugins, workshop.Settings);
        using var model = Cycle.Of(20);
        var loaded = new LoadedModel(model);
        GenerationRequest Asking(string drafters) =>
            new() { Method = "combined", Options = { ["drafters"] = drafters, ["nodes"] = "12" } };

        var request = Asking("prompt-lookup,token-recycling");
        request.Options["lookup-length"] = "7";
        using (var plan = await planner.PlanAsync(loaded, request, TestContext.Current.CancellationToken))
        {
            plan.Parts.Select(part => part.Id)
                .Should()
                .Equal("combined", "combined", "prompt-lookup", "token-recycling", "agree", "draft-then-verify", "temperature");
        }

        loaded.Stores.Count.Should().Be(1, "the recycled tokens are kept with the model");
        (await Refusal(Asking("nonsense"))).Should().Contain("Unknown drafter 'nonsense'");
        (await Refusal(Asking("combined"))).Should().Contain("itself made of drafters");
        (await Refusal(Asking("suffix,suffix"))).Should().Contain("twice");
        var wrong = Asking("suffix");
        wrong.Options["lookup-length"] = "7";
        (await Refusal(wrong)).Should().Contain("'lookup-length' belongs to drafter 'prompt-lookup'");

        async Task<string> Refusal(GenerationRequest refused)
        {
            var planning = async () => await planner.PlanAsync(loaded, refused);
            return (await planning.Should().ThrowAsync<PlanException>()).Which.Message;
        }
    }

    private sealed class Fixed(params (int Token, float Probability)[] children) : IDrafter
    {
        public ProposalModes Proposes => ProposalModes.Deterministic;

        public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            foreach (var (token, probability) in children)
            {
                tree.Add(0, token, MathF.Log(probability));
            }

            return default;
        }
    }
}
