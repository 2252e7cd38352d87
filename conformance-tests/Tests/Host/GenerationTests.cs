using Microsoft.Extensions.DependencyInjection;
using Tokenwright.Conformance;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class GenerationTests : IClassFixture<GenerationTests.Basics>
{
    private readonly TokenwrightHost _host;

    public GenerationTests(Basics basics) => _host = basics.Host;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_text_is_generated_chunk_by_chunk()
    {
        var generation = Model("hello").Generate(" ");
        var chunks = new List<GeneratedChunk>();
        await foreach (var chunk in generation.WithCancellation(Cancellation))
        {
            chunks.Add(chunk);
        }

        chunks.Select(chunk => chunk.Text).Should().Equal("h", "e", "l", "l", "o", "");
        chunks.Select(chunk => chunk.Tokens.Span[0]).Should().Equal('h', 'e', 'l', 'l', 'o', ScriptedModel.End);
        generation
            .Result.Should()
            .BeEquivalentTo(
                new
                {
                    Text = "hello",
                    FinishReason = FinishReason.Stop,
                    Method = "greedy",
                    PromptLength = 1,
                }
            );
        generation.Result.Tokens.Should().Equal('h', 'e', 'l', 'l', 'o', ScriptedModel.End);
        generation.Result.Statistics.Tokens.Should().Be(6);
    }

    [Fact]
    public async Task A_character_is_not_shown_before_it_is_whole()
    {
        var texts = await Texts(Model("aé😀").Generate(" "));
        texts.Should().Equal("a", "", "é", "", "", "", "😀", "");
    }

    [Fact]
    public async Task A_character_that_the_budget_cuts_is_replaced_at_the_end()
    {
        var texts = await Texts(Model("aé").Generate(" ", new() { MaxTokens = 2 }));
        texts.Should().Equal("a", "\uFFFD");
    }

    [Fact]
    public async Task What_may_begin_a_stop_text_is_held_back_and_the_stop_text_is_cut()
    {
        var request = new GenerationRequest { Stops = ["END"] };
        var texts = await Texts(Model("xENyENDz").Generate(" ", request));
        texts.Should().Equal("x", "", "", "ENy", "", "", "");

        var result = await Model("xENyENDz").Generate(" ", request).CompleteAsync(Cancellation);
        result.Should().BeEquivalentTo(new { Text = "xENy", FinishReason = FinishReason.Stop });
        result.Tokens.Should().HaveCount(7);
    }

    [Fact]
    public async Task What_was_held_back_comes_when_the_text_ends_otherwise()
    {
        var request = new GenerationRequest { Stops = ["END"], MaxTokens = 3 };
        (await Texts(Model("xEN").Generate(" ", request))).Should().Equal("x", "", "EN");
    }

    [Fact]
    public async Task End_tokens_add_no_text_unless_they_are_ignored()
    {
        (await Model("a").Generate(" ").CompleteAsync(Cancellation)).Text.Should().Be("a");
        var result = await Model("a").Generate(" ", new() { IgnoreEndTokens = true, MaxTokens = 3 }).CompleteAsync(Cancellation);
        result.Should().BeEquivalentTo(new { Text = "a<end><end>", FinishReason = FinishReason.Length });
    }

    [Fact]
    public async Task Ids_alone_are_enough_for_a_model_without_a_tokenizer()
    {
        using var model = _host.Use(new LoadedModel(new ScriptedModel("ab")));
        var result = await model.Generate(new[] { 5 }).CompleteAsync(Cancellation);
        result.Text.Should().BeEmpty();
        result.Tokens.Should().Equal('a', 'b', ScriptedModel.End);
        var text = () => model.Generate("x");
        text.Should()
            .Throw<PlanException>()
            .WithMessage("Model 'scripted' runs without a tokenizer. Give the prompt as token ids.");
    }

    [Fact]
    public async Task A_dropped_in_sampler_decodes()
    {
        using var workshop = PluginWorkshop.With("Basics", "TopA");
        await using var host = workshop.Load();
        using var model = host.Use(new ScriptedModel("hello").Loaded());
        var request = new GenerationRequest
        {
            Options = { ["temperature"] = "1.5", ["top-a"] = "1" },
            Seed = 7,
            TopLogProbabilities = 2,
        };
        var generation = model.Generate(" ", request);
        await foreach (var chunk in generation.WithCancellation(Cancellation))
        {
            chunk.LogProbabilities.Should().ContainSingle();
            chunk.LogProbabilities[0].Top.Should().HaveCount(2);
            chunk.LogProbabilities[0].Shaped.Should().Be(0, "top-a leaves only the likeliest here");
        }

        generation
            .Result.Should()
            .BeEquivalentTo(
                new
                {
                    Text = "hello",
                    Method = "sampling",
                    Seed = 7UL,
                }
            );
    }

    [Fact]
    public async Task The_seed_that_was_drawn_gives_the_text_again()
    {
        var request = new GenerationRequest { Options = { ["temperature"] = "20" }, MaxTokens = 20 };
        var first = await Model("x").Generate(" ", request).CompleteAsync(Cancellation);
        var again = await Model("x")
            .Generate(
                " ",
                new()
                {
                    Options = request.Options,
                    MaxTokens = 20,
                    Seed = first.Seed,
                }
            )
            .CompleteAsync(Cancellation);
        var other = await Model("x")
            .Generate(
                " ",
                new()
                {
                    Options = request.Options,
                    MaxTokens = 20,
                    Seed = first.Seed + 1,
                }
            )
            .CompleteAsync(Cancellation);
        again.Tokens.Should().Equal(first.Tokens);
        other.Tokens.Should().NotEqual(first.Tokens);
    }

    [Fact]
    public async Task Cancelling_midway_leaves_what_was_committed()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var model = new ScriptedModel("hello world")
        {
            Forwarding = length =>
            {
                if (length == 5)
                {
                    source.Cancel();
                }
            },
        };
        var generation = _host.Use(model.Loaded()).Generate(" ");
        var read = async () =>
        {
            await foreach (var _ in generation.WithCancellation(source.Token)) { }
        };

        await read.Should().ThrowAsync<OperationCanceledException>();
        generation.Result.Should().BeEquivalentTo(new { Text = "hello", FinishReason = FinishReason.Cancelled });
    }

    [Fact]
    public async Task Completing_a_cancelled_generation_returns_what_was_committed()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var model = new ScriptedModel("hello world")
        {
            Forwarding = length =>
            {
                if (length == 5)
                {
                    source.Cancel();
                }
            },
        };
        var result = await _host.Use(model.Loaded()).Generate(" ").CompleteAsync(source.Token);
        result.Should().BeEquivalentTo(new { Text = "hello", FinishReason = FinishReason.Cancelled });
    }

    [Fact]
    public async Task Leaving_early_ends_the_generation()
    {
        var generation = Model("hello").Generate(" ");
        await foreach (var chunk in generation.WithCancellation(Cancellation))
        {
            if (chunk.Text == "e")
            {
                break;
            }
        }

        generation.Result.Should().BeEquivalentTo(new { Text = "he", FinishReason = FinishReason.Cancelled });
    }

    [Fact]
    public async Task A_failure_midway_names_the_recipe()
    {
        var generation = Model("hello").Generate(" ", new() { Options = { ["fail-at"] = "3" } });
        var run = async () => await generation.CompleteAsync(Cancellation);
        await run.Should()
            .ThrowAsync<GenerationException>()
            .WithMessage(
                "The generation failed after 2 tokens (method 'greedy', loop 'draft-then-verify', verifier 'agree'): the loop was told to fail."
            );
        generation.HasResult.Should().BeFalse();
    }

    [Fact]
    public async Task A_generation_runs_once()
    {
        var generation = Model("a").Generate(" ");
        await generation.CompleteAsync(Cancellation);
        var again = async () => await generation.CompleteAsync(Cancellation);
        await again
            .Should()
            .ThrowAsync<InvalidOperationException>()
            .WithMessage("A generation runs once. Call Generate again for another text.");
    }

    [Fact]
    public async Task Requests_that_cannot_be_are_refused_before_the_first_token()
    {
        await Refuses("", new(), "The prompt is empty: a text needs at least one token to start from.");
        await Refuses(
            new string('x', 200),
            new(),
            "The prompt has 200 tokens and the context of scripted holds 200: at least one must be left for the output. Shorten the prompt."
        );
        await Refuses(" ", new() { MaxTokens = 0 }, "The most tokens to generate must be at least 1; it is 0.");
        await Refuses(" ", new() { Stops = [""] }, "A stop text is empty, and would stop every text at once. Leave it out.");
        await Refuses(
            " ",
            new() { TopLogProbabilities = 300 },
            "The alternatives of log-probabilities must be from 0 to 257, the vocabulary's size; they are 300."
        );
        var range = async () => await Model("a").Generate(new[] { 1, 999 }).CompleteAsync(Cancellation);
        await range
            .Should()
            .ThrowAsync<PlanException>()
            .WithMessage("Prompt token 1 is 999; the vocabulary of scripted has ids 0 to 256.");
    }

    [Fact]
    public async Task Generations_may_run_side_by_side()
    {
        using var model = Model("hello");
        var results = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(() => model.Generate(" ").CompleteAsync(Cancellation).AsTask()))
        );
        results.Should().OnlyContain(result => result.Text == "hello");
    }

    [Fact]
    public async Task A_container_offers_one_host_that_opens_models()
    {
        using var workshop = PluginWorkshop.With("Basics");
        await using var services = new ServiceCollection()
            .AddSingleton<IModelLibrary>(new Library())
            .AddTokenwright(options => options.Settings = workshop.Settings)
            .BuildServiceProvider();
        var host = services.GetRequiredService<TokenwrightHost>();

        host.Should().BeSameAs(services.GetRequiredService<TokenwrightHost>());
        using var model = host.OpenModel("some script");
        (await model.Generate(" ").CompleteAsync(Cancellation)).Text.Should().Be("some script");
    }

    private LanguageModel Model(string script) => _host.Use(new ScriptedModel(script).Loaded());

    private async Task Refuses(string prompt, GenerationRequest request, string message)
    {
        var generation = Model("a").Generate(prompt, request);
        var run = async () => await generation.CompleteAsync(Cancellation);
        await run.Should().ThrowAsync<PlanException>().WithMessage(message);
    }

    private static async Task<List<string>> Texts(TextGeneration generation)
    {
        var texts = new List<string>();
        await foreach (var chunk in generation.WithCancellation(Cancellation))
        {
            texts.Add(chunk.Text);
        }

        string.Concat(texts).Should().Be(generation.Result.Text);
        return texts;
    }

    private sealed class Library : IModelLibrary
    {
        public LoadedModel Open(string? name, CancellationToken cancellation = default) => new ScriptedModel(name!).Loaded();
    }

    public sealed class Basics : IDisposable
    {
        private readonly PluginWorkshop _workshop = PluginWorkshop.With("Basics");

        public Basics() => Host = _workshop.Load();

        public TokenwrightHost Host { get; }

        public void Dispose()
        {
            Host.Dispose();
            _workshop.Dispose();
        }
    }
}
