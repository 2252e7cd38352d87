using Tokenwright.Host;
using Tokenwright.Models;
using Tokenwright.Tests.Cli;
using Tokenwright.Tests.Models;

namespace Tokenwright.Tests.Host;

/// <summary>A part opens a model beside the target: by name, once for all generations, and only if it speaks the target's tokens.</summary>
public sealed class CompanionModelsTests : IDisposable
{
    /// <summary>Drafts one token: what another model would write next.</summary>
    private const string Assistant = """
        using Tokenwright;
        [Drafter("assistant", "Drafts with another model.")]
        public sealed class Assistant : IDrafter, IDisposable
        {
            public static readonly HashSet<ICausalModel> Opened = [];
            private readonly ForwardItem[] _item = new ForwardItem[1];
            private ISequence? _sequence;
            [Option("assistant", "The model.")] public string? Name { get; set; }
            public ProposalModes Proposes => ProposalModes.Deterministic;
            public async ValueTask PrepareAsync(PartContext context, CancellationToken cancellation)
            {
                var model = await context.Models!.OpenAsync("draft", Name, cancellation);
                lock (Opened) { Opened.Add(model); }
                if (Opened.Count > 1) { throw new InvalidOperationException("the model was opened twice."); }
                _sequence = model.CreateSequence();
            }
            public async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
            {
                _item[0] = new ForwardItem
                {
                    Sequence = _sequence!,
                    Tokens = context.Committed[_sequence!.Tokens.Length..].ToArray(),
                    Wanted = new Wanted(ArgMax: RowSelection.Last),
                };
                await Model.ForwardAsync(_item, cancellation);
                tree.Add(0, _sequence.Rows.ArgMax(_sequence.Rows.Count - 1));
                _sequence.Commit(_sequence.Provisional);
            }
            private static ICausalModel Model => Opened.Single();
            public void Dispose() => _sequence?.Dispose();
        }
        """;

    private readonly PluginWorkshop _workshop = new();
    private readonly TokenwrightHost _host;

    public CompanionModelsTests()
    {
        _workshop.Add("Assistant", Assistant);
        var installed = HostSettings.Load(Path.Combine(CommandLine.Installed, HostSettings.FileName));
        _host = TokenwrightHost.Load(
            new TokenwrightOptions
            {
                Settings = installed with { Folders = [.. installed.Folders, _workshop.Folder] },
                Models = new ModelLibrary(
                    new LanguageModelOptions { CacheFolder = Path.Combine(_workshop.Root, "cache") },
                    Path.Combine(CommandLine.Installed, "models")
                ),
            }
        );
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_drafter_opens_the_draft_model_once_for_all_generations()
    {
        using var model = _host.OpenModel("target", Cancellation);
        var plain = await Generate(model);
        var first = await Generate(model, "assistant", "draft");
        var second = await Generate(model, "assistant", Path.Combine(CommandLine.Installed, "models", "draft"));

        first.Tokens.Should().Equal(plain.Tokens);
        second.Tokens.Should().Equal(plain.Tokens);
        first.Statistics.Accepted.Should().BePositive();
        first.Statistics.Steps.Should().BeLessThan(plain.Statistics.Steps);
    }

    [Fact]
    public async Task The_draft_model_method_suits_every_verifier_and_keeps_the_text()
    {
        using var model = _host.OpenModel("target", Cancellation);
        string trace = Path.Combine(_workshop.Root, "trace.jsonl");
        var plain = await Drafted(null);
        foreach (string verifier in new[] { "agree", "token", "block", "rrsw" })
        {
            using (var file = new TraceFile(trace))
            {
                var drafted = await Drafted("draft-model", verifier, file);

                drafted.Tokens.Should().Equal(plain.Tokens);
                // What auto takes depends on the measured costs of this machine; it may be nothing.
                if (verifier != "agree")
                {
                    drafted.Statistics.Steps.Should().BeLessThan(plain.Statistics.Steps);
                }
            }

            File.ReadLines(trace).Should().HaveCountGreaterThan(4);
        }

        async Task<GenerationResult> Drafted(string? method, string? verifier = null, ITrace? watch = null)
        {
            var request = new GenerationRequest
            {
                Method = method,
                Verifier = verifier,
                MaxTokens = 24,
                Trace = watch,
            };
            if (method is not null)
            {
                request.Options["draft-model"] = "draft";
                request.Options["nodes"] = verifier == "agree" ? "auto" : "4";
            }

            return await model.Generate("Once upon a time", request).CompleteAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Without_a_name_the_model_is_the_one_on_the_targets_card()
    {
        using var model = _host.OpenModel("target", Cancellation);
        var plain = await Generate(model);

        var drafted = await Generate(model, "assistant");

        drafted.Tokens.Should().Equal(plain.Tokens);
        drafted.Statistics.Accepted.Should().BePositive();
    }

    [Fact]
    public async Task A_malformed_card_is_named()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_workshop.Root, "carded")).FullName;
        foreach (string file in Directory.EnumerateFiles(Path.Combine(CommandLine.Installed, "models", "draft")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "card.json"), """{ "companion": {} }""", Cancellation);
        using var model = _host.OpenModel(folder, Cancellation);

        var act = async () => await Generate(model, "assistant");

        await act.Should().ThrowAsync<PlanException>().WithMessage("*card.json: *companion*mend it or delete it.");
    }

    [Fact]
    public async Task A_model_that_cannot_help_is_refused()
    {
        using var model = _host.OpenModel("draft", Cancellation);
        await Refuses(null, "The drafter 'assistant' cannot work here: The card of model 'draft' names no draft model. *");
        await Refuses("drift", "The drafter 'assistant' cannot work here: There is no model 'drift'*Did you mean 'draft'?");

        string stranger = Directory.CreateDirectory(Path.Combine(_workshop.Root, "stranger")).FullName;
        RandomLlama.Write(stranger, 8);
        await Refuses(
            stranger,
            "*: The draft model '*stranger' has a vocabulary of 40 tokens and the target 'draft' one of 4096. Take one that shares the target's vocabulary."
        );

        async Task Refuses(string? name, string message)
        {
            var act = async () => await Generate(model, "assistant", name);
            await act.Should().ThrowAsync<PlanException>().WithMessage(message);
        }
    }

    private static async Task<GenerationResult> Generate(
        Tokenwright.Host.LanguageModel model,
        string? drafter = null,
        string? assistant = null
    )
    {
        var request = new GenerationRequest { Drafter = drafter, MaxTokens = 24 };
        if (assistant is not null)
        {
            request.Options["assistant"] = assistant;
        }

        return await model.Generate("Once upon a time", request).CompleteAsync(Cancellation);
    }

    public void Dispose()
    {
        _host.Dispose();
        _workshop.Dispose();
    }
}
