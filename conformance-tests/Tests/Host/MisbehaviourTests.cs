using Tokenwright.Conformance;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

/// <summary>A part that misbehaves while a text is generated: its request fails and says who did it, and the host goes on.</summary>
public sealed class MisbehaviourTests : IClassFixture<MisbehaviourTests.Rogues>
{
    private readonly Rogues _rogues;

    public MisbehaviourTests(Rogues rogues) => _rogues = rogues;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("throw", "*drafter 'rogue' failed: no mood.*")]
    [InlineData("token", "*drafter 'rogue' failed: it drafted token 257, which is not in the vocabulary of 257.*")]
    [InlineData("negative", "*drafter 'rogue' failed: it drafted token -1,*")]
    [InlineData("score", "*drafter 'rogue' failed: it gave node 1 of its draft a score that is not a number.*")]
    [InlineData("proposal", "*drafter 'rogue' failed: the distribution from which it drew the children of node 0 is empty*")]
    [InlineData("cycle", "*drafter 'rogue' failed: *The tree has 1 nodes.*")]
    [InlineData("late", "*drafter 'rogue' failed: late.*")]
    [InlineData("cancelled", "*drafter 'rogue' failed: *canceled.*")]
    [InlineData("observe", "*drafter 'rogue' failed: it saw enough.*")]
    public Task A_drafter(string rogue, string message) => Fails(new() { Drafter = "rogue" }, "draft-rogue", rogue, message);

    [Theory]
    [InlineData("throw", "*verifier 'rogue' failed: no mood.*")]
    [InlineData("nothing", "*verifier 'rogue' failed: it returned without finishing the step:*")]
    [InlineData("token", "*verifier 'rogue' failed: Token 999 is not in the vocabulary of 257.*")]
    [InlineData("node", "*verifier 'rogue' failed: *")]
    [InlineData("twice", "*verifier 'rogue' failed: The step is finished.*")]
    public Task A_verifier(string rogue, string message) => Fails(new() { Verifier = "rogue" }, "verify-rogue", rogue, message);

    [Theory]
    [InlineData("throw", "*processor 'rogue' failed: no mood.*")]
    [InlineData("nan", "*processor 'rogue' failed: after it the row is empty, or holds NaN or infinity.*")]
    [InlineData("infinity", "*processor 'rogue' failed: after it the row is empty, or holds NaN or infinity.*")]
    [InlineData("nothing", "*processor 'rogue' failed: after it the row is empty, or holds NaN or infinity.*")]
    [InlineData("ids", "*processor 'rogue' failed: after it the row holds ids beyond the vocabulary of 257.*")]
    [InlineData("shape", "*processor 'rogue' failed: *")]
    public Task A_processor(string rogue, string message) => Fails(new(), "shape-rogue", rogue, message);

    [Theory]
    [InlineData("throw", "*constraint 'rogue' failed: no mood.*")]
    [InlineData("nothing", "*constraint 'rogue' failed: it allows no token at all here, not even an end.*")]
    [InlineData("next", "*constraint 'rogue' failed: no way on.*")]
    public Task A_constraint(string rogue, string message) => Fails(new(), "mask-rogue", rogue, message);

    [Theory]
    [InlineData("throw", "*target 'rogue' failed: no mood.*")]
    [InlineData("short", "*target 'rogue' failed: the model it made gave a row of 3 logits for a vocabulary of 257.*")]
    [InlineData("nan", "*target 'rogue' failed: the model it made gave a row whose logits are all −∞, or hold NaN or infinity.*")]
    [InlineData("sequence", "*target 'rogue' failed: the model it made gave nothing where a sequence was asked for.*")]
    [InlineData("rows", "*target 'rogue' failed: the model it made gave no rows.*")]
    public Task A_target(string rogue, string message) =>
        Fails(new() { Target = "rogue", TopLogProbabilities = 0 }, "target-rogue", rogue, message);

    [Theory]
    [InlineData("throw", "*: no mood")]
    [InlineData("null", "*: the loop gave nothing for a step.")]
    [InlineData("no-steps", "*: the loop gave no steps.")]
    [InlineData("early", "The loop 'rogue' returned before the text had ended.")]
    [InlineData("idle", "*: the loop gives steps that neither commit a token nor run the model.")]
    [InlineData("beyond", "*: The text has ended (*); no token can follow.")]
    [InlineData("dispose", "*: cannot end.")]
    public Task A_loop(string rogue, string message) =>
        Fails(new() { Loop = "rogue" }, "loop-rogue", rogue, message, isLoop: true);

    [Theory]
    [InlineData("drafter", "draft-rogue")]
    [InlineData("verifier", "verify-rogue")]
    [InlineData("processor", "shape-rogue")]
    [InlineData("constraint", "mask-rogue")]
    [InlineData("target", "target-rogue")]
    [InlineData("loop", "loop-rogue")]
    [InlineData("method", "method-rogue")]
    public async Task One_that_hangs_fails_its_request_is_refused_and_comes_back_by_itself(string seam, string option)
    {
        using var workshop = WithRogues();
        await using var host = workshop.Load(workshop.Settings with { HangLimit = TimeSpan.FromMilliseconds(200) });
        using var model = host.Use(new ScriptedModel("hello").Loaded());
        string gate = Path.Combine(workshop.Root, "gate");
        await File.WriteAllTextAsync(gate, "", Cancellation);

        var request = Asking(seam, option, "hang:" + gate);
        var hangs = async () => await model.Generate(" ", request).CompleteAsync(Cancellation);
        var failure = (await hangs.Should().ThrowAsync<GenerationException>()).Which;
        failure.Diagnostic!.Id.Should().Be("PLG015");
        failure
            .Message.Should()
            .Match($"*PLG015 plugin 'Rogue'*Its {seam} 'rogue' has given no sign of life for 0.2 seconds*Only a restart*");
        host.Plugins.Faults.Should().ContainSingle().Which.Id.Should().Be("PLG015");

        // Others go on; whoever asks for the plugin is told at once.
        (await model.Generate(" ").CompleteAsync(Cancellation))
            .Text.Should()
            .Be("hello");
        var refused = async () => await model.Generate(" ", Asking(seam, option, "calm")).CompleteAsync();
        await refused.Should().ThrowAsync<PlanException>().WithMessage("*PLG015 plugin 'Rogue'*");

        File.Delete(gate);
        for (int waited = 0; ; waited++)
        {
            try
            {
                var again = Asking(seam, option, "calm");
                (await model.Generate(" ", again).CompleteAsync(Cancellation)).Text.Should().Be("hello");
                break;
            }
            catch (PlanException) when (waited < 500)
            {
                await Task.Delay(20, Cancellation);
            }
        }
    }

    [Fact]
    public async Task A_slow_part_that_gives_signs_of_life_is_left_alone_and_so_is_a_slow_reader()
    {
        using var workshop = PluginWorkshop.With("Basics");
        await using var host = workshop.Load(workshop.Settings with { HangLimit = TimeSpan.FromMilliseconds(300) });
        var model = new ScriptedModel("hello") { Forwarding = _ => Thread.Sleep(100) };
        using var slow = host.Use(model.Loaded());
        var generation = slow.Generate(" ");
        int chunks = 0;
        await foreach (var chunk in generation.WithCancellation(Cancellation))
        {
            await Task.Delay(chunks++ == 1 ? 600 : 0, Cancellation);
        }

        generation.Result.Text.Should().Be("hello");
    }

    [Fact]
    public async Task Rows_that_follow_one_another_in_a_circle_are_refused_by_the_model()
    {
        using var model = _rogues.Host.Use(new LoadedModel(TableModel.Random(4, 1, seed: 1)));
        var request = new GenerationRequest { Loop = "rogue", Options = { ["loop-rogue"] = "parents" } };
        var run = async () => await model.Generate(new[] { 1, 2 }, request).CompleteAsync(Cancellation);
        await run.Should().ThrowAsync<GenerationException>().WithMessage("*Row 0 follows row 0, which does not come before it.");
    }

    private static PluginWorkshop WithRogues()
    {
        var workshop = PluginWorkshop.With("Rogue");
        const string Standard = "Tokenwright.Plugins.Standard";
        string folder = Directory.CreateDirectory(Path.Combine(workshop.Folder, Standard)).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, Standard + ".dll"), Path.Combine(folder, Standard + ".dll"));
        return workshop;
    }

    private static GenerationRequest Asking(string seam, string option, string value)
    {
        var request = Recipe(seam);
        request.Options[option] = value;
        return request;
    }

    private static GenerationRequest Recipe(string seam) =>
        seam switch
        {
            "drafter" => new() { Drafter = "rogue" },
            "verifier" => new() { Verifier = "rogue" },
            "target" => new() { Target = "rogue" },
            "loop" => new() { Loop = "rogue" },
            "method" => new() { Method = "rogue" },
            _ => new(),
        };

    private async Task Fails(GenerationRequest request, string option, string rogue, string message, bool isLoop = false)
    {
        using var model = _rogues.Host.Use(new ScriptedModel("hello").Loaded());
        request.Options[option] = rogue;
        var run = async () => await model.Generate(" ", request).CompleteAsync(Cancellation);
        var failure = (await run.Should().ThrowAsync<GenerationException>().WithMessage(message)).Which;
        if (!isLoop)
        {
            failure.Diagnostic.Should().BeEquivalentTo(new { Id = "PLG014", Plugin = "Rogue" });
            _rogues.Host.Plugins.Faults.Should().Contain(failure.Diagnostic!);
        }

        // The host lives, and so does the plugin.
        request.Options[option] = "calm";
        (await model.Generate(" ", request).CompleteAsync(Cancellation)).Text.Should().Be("hello");
    }

    public sealed class Rogues : IDisposable
    {
        private readonly PluginWorkshop _workshop = WithRogues();

        public Rogues()
        {
            Host = _workshop.Load();
            Host.Plugins.Diagnostics.Should().BeEmpty();
        }

        public TokenwrightHost Host { get; }

        public void Dispose()
        {
            Host.Dispose();
            _workshop.Dispose();
        }
    }
}
