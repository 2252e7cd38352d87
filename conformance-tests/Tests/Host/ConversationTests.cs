using Tokenwright.Host;
using Tokenwright.Models;
using Tokenwright.Models.Chat;
using Tokenwright.Tests.Cli;

namespace Tokenwright.Tests.Host;

public sealed class ConversationTests : IDisposable
{
    private readonly string _cache = Directory.CreateTempSubdirectory("tokenwright-chat-").FullName;
    private readonly TokenwrightHost _host;
    private readonly Tokenwright.Host.LanguageModel _model;

    public ConversationTests()
    {
        _host = TokenwrightHost.Load(
            new TokenwrightOptions
            {
                Settings = HostSettings.Load(Path.Combine(CommandLine.Installed, HostSettings.FileName)),
                Models = new ModelLibrary(
                    new LanguageModelOptions { CacheFolder = _cache },
                    Path.Combine(CommandLine.Installed, "models")
                ),
            }
        );
        _model = _host.OpenModel("draft", TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("greedy")]
    [InlineData("prompt-lookup")]
    [InlineData("suffix")]
    [InlineData("token-recycling")]
    public async Task What_was_computed_for_the_turns_before_is_not_computed_again(string method)
    {
        var request = new GenerationRequest { Method = method, MaxTokens = 24 };
        using var conversation = new Conversation(_model) { System = "Tell stories." };
        List<ChatMessage> messages = [new("system", "Tell stories.")];
        foreach (string question in new[] { "Once upon a time there was a girl.", "And then?", "How did it end?" })
        {
            messages.Add(new("user", question));
            var anew = await _model.Generate(messages, request).CompleteAsync(TestContext.Current.CancellationToken);
            var goesOn = await conversation
                .Ask(question, request, out int forgotten)
                .CompleteAsync(TestContext.Current.CancellationToken);

            forgotten.Should().Be(0);
            goesOn.PromptLength.Should().Be(anew.PromptLength);
            goesOn.Tokens.Should().Equal(anew.Tokens);
            if (messages.Count > 2)
            {
                goesOn.Statistics.Rows.Should().BeLessThan(anew.Statistics.Rows, question);
            }

            conversation.Keep(goesOn.Text);
            messages.Add(new("assistant", goesOn.Text));
        }

        conversation.Turns.Should().Be(3);
        conversation.Reset();
        conversation.Turns.Should().Be(0);
    }

    [Fact]
    public async Task A_stopped_answer_leaves_a_conversation_that_goes_on()
    {
        using var conversation = new Conversation(_model);
        using var stop = new CancellationTokenSource();
        var generation = conversation.Ask("Once upon a time", new() { MaxTokens = 100 }, out _);
        try
        {
            await foreach (var _ in generation.WithCancellation(stop.Token))
            {
                await stop.CancelAsync();
            }
        }
        catch (OperationCanceledException) { }

        conversation.Keep(generation.Result.Text);
        var next = await conversation
            .Ask("Go on", new() { MaxTokens = 10 }, out _)
            .CompleteAsync(TestContext.Current.CancellationToken);
        var anew = await _model
            .Generate(
                [new("user", "Once upon a time"), new("assistant", generation.Result.Text), new("user", "Go on")],
                new() { MaxTokens = 10 }
            )
            .CompleteAsync(TestContext.Current.CancellationToken);
        next.Tokens.Should().Equal(anew.Tokens);
    }

    [Fact]
    public void The_oldest_turns_are_forgotten_when_the_context_is_full()
    {
        using var conversation = new Conversation(_model);
        for (int i = 0; i < 8; i++)
        {
            conversation.Ask(string.Join(' ', Enumerable.Repeat("word", 150)), new() { MaxTokens = 50 }, out int forgotten);
            conversation.Keep("Yes.");
            (forgotten > 0).Should().Be(i > 5, $"{i}");
        }

        Action ask = () => conversation.Ask(string.Join(' ', Enumerable.Repeat("word", 1100)), new(), out _);
        ask.Should().Throw<PlanException>().WithMessage("The message alone makes 1* tokens*draft holds 1024*Shorten it.");
        conversation.Turns.Should().BeGreaterThan(3);
    }

    public void Dispose()
    {
        _model.Dispose();
        _host.Dispose();
        Directory.Delete(_cache, recursive: true);
    }
}
