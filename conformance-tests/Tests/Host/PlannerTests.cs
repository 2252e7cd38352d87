using Tokenwright.Conformance;
using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class PlannerTests : IClassFixture<PlannerTests.Plugins>
{
    private readonly Plugins _plugins;
    private readonly ScriptedModel _model = new("abc");

    public PlannerTests(Plugins plugins) => _plugins = plugins;

    [Fact]
    public async Task The_default_method_depends_on_the_temperature()
    {
        (await Plan(new())).Method.Should().Be("greedy");
        (await Plan(Set("temperature", "0"))).Method.Should().Be("greedy");
        (await Plan(Set("temperature", "0.8"))).Method.Should().Be("sampling");
        (await Plan(new(), With("Basics", "temperature", "0.8"))).Method.Should().Be("sampling");
        (await Plan(new(), _plugins.Settings with { Defaults = new() { Method = "sampling" } })).Method.Should().Be("sampling");
    }

    [Fact]
    public async Task An_option_calls_a_processor_in_and_without_it_the_processor_stays_out()
    {
        (await Plan(Set("temperature", "0.8")))
            .Parts.Select(part => part.Id)
            .Should()
            .Equal("sampling", "agree", "draft-then-verify", "temperature");
        var request = new GenerationRequest { Options = { ["temperature"] = "0.8", ["top-a"] = "0.2" } };
        (await Plan(request)).Parts.Select(part => part.Id).Should().Contain("top-a");
    }

    [Fact]
    public async Task The_request_wins_over_plugins_json_which_wins_over_the_property()
    {
        var settings = With("Basics", "max-nodes", "7");
        MaxNodes(await Plan(new())).Should().Be(128);
        MaxNodes(await Plan(new(), settings)).Should().Be(7);
        MaxNodes(await Plan(Set("max-nodes", "9"), settings)).Should().Be(9);

        static object? MaxNodes(Plan plan) => plan.Loop.GetType().GetProperty("MaxNodes")!.GetValue(plan.Loop);
    }

    [Fact]
    public async Task Any_part_of_a_method_may_be_overridden_or_taken_away()
    {
        var request = new GenerationRequest
        {
            Method = "treeish",
            Drafter = "none",
            Verifier = "picky",
            Target = "shifted",
        };
        using var plan = await Plan(request);

        plan.Recipe.Should().Be(new Recipe { Verifier = "picky", Target = "shifted" });
        plan.Drafter.Should().BeNull();
        plan.Target.Info.Name.Should().Be("scripted shifted by 1");
        (await Plan(new() { Target = "shifted", Options = { ["shift"] = "3" } }))
            .Target.Info.Name.Should()
            .Be("scripted shifted by 3");
    }

    [Fact]
    public Task An_unknown_method_is_refused_with_the_nearest() =>
        Refuses(new() { Method = "gredy" }, "Unknown method 'gredy'. Did you mean 'greedy'? Known: greedy, sampling, treeish.");

    [Fact]
    public Task An_unknown_part_is_refused_with_those_known() =>
        Refuses(new() { Verifier = "rejection" }, "Unknown verifier 'rejection'. Known: agree, picky.");

    [Fact]
    public Task An_unknown_option_is_refused_with_the_options_of_the_recipe() =>
        Refuses(
            Set("temprature", "1"),
            "Unknown option 'temprature'. Did you mean 'temperature'? Options of this recipe: method 'greedy': temperature; loop 'draft-then-verify': max-nodes, fail-at; processor 'temperature': temperature; processor 'top-a': top-a; constraint 'first': first; constraint 'second': second, second-words."
        );

    [Fact]
    public Task An_option_of_a_part_that_is_not_used_is_refused_with_its_owner() =>
        Refuses(
            new() { Method = "sampling", Options = { ["tree-width"] = "2" } },
            "Option 'tree-width' belongs to drafter 'tree', which this recipe does not use. Options of this recipe: *"
        );

    [Fact]
    public Task A_value_that_cannot_be_read_is_refused() =>
        Refuses(
            Set("max-nodes", "many"),
            "Option 'max-nodes' of loop 'draft-then-verify' takes a whole number; 'many' is not that."
        );

    [Fact]
    public Task A_value_out_of_range_is_refused() =>
        Refuses(Set("top-a", "1.5"), "Option 'top-a' of processor 'top-a' must be from 0 to 1; it is 1.5.");

    [Fact]
    public Task A_range_without_an_upper_end_is_put_in_words() =>
        Refuses(Set("fail-at", "-1"), "Option 'fail-at' of loop 'draft-then-verify' must be at least 0; it is -1.");

    [Fact]
    public Task A_value_out_of_range_in_plugins_json_is_refused_with_its_source() =>
        Refuses(
            new(),
            "Option 'max-nodes' of loop 'draft-then-verify' must be from 0 to 1024; it is 5000 (set for plugin 'Basics' in plugins.json).",
            With("Basics", "max-nodes", "5000")
        );

    [Fact]
    public Task A_method_refuses_what_contradicts_it_in_its_own_words() =>
        Refuses(
            new() { Method = "greedy", Options = { ["temperature"] = "0.8" } },
            "Option 'temperature' of method 'greedy' cannot be 0.8: greedy takes the likeliest token; use the method sampling."
        );

    [Fact]
    public Task A_method_refuses_what_plugins_json_sets_for_another_plugin_too() =>
        Refuses(
            new() { Method = "greedy" },
            "Option 'temperature' of method 'greedy' cannot be 0.8 (set for plugin 'Basics' in plugins.json): greedy takes *",
            With("Basics", "temperature", "0.8")
        );

    [Fact]
    public Task Options_that_contradict_one_another_are_refused_in_the_words_of_the_part() =>
        Refuses(
            new() { Options = { ["second"] = "true", ["second-words"] = "one" } },
            "The options of constraint 'second' contradict one another: one word is not a choice; give two."
        );

    [Fact]
    public Task Two_constraints_are_refused() =>
        Refuses(
            new() { Options = { ["first"] = "true", ["second"] = "true" } },
            "Only one constraint can hold at a time, and the options call for constraint 'first' (option 'first') and constraint 'second' (option 'second'). Leave the options of all but one out."
        );

    [Fact]
    public Task A_drafter_whose_mode_the_verifier_does_not_accept_is_refused() =>
        Refuses(
            new() { Drafter = "independent", Verifier = "picky" },
            "The drafter 'independent' proposes in mode independent, whose law the verifier 'picky' does not keep: it accepts deterministic. Take a verifier that accepts them ('agree'), or another drafter."
        );

    [Fact]
    public Task A_capability_that_the_model_lacks_is_refused_with_the_fix_of_the_model() =>
        Refuses(
            new() { Method = "treeish" },
            "The drafter 'tree' needs trees and hidden states, which model 'scripted' does not offer. A script is only text. Take a real model."
        );

    [Fact]
    public async Task What_a_decorator_withdraws_is_missing_too()
    {
        var model = new ScriptedModel("abc") { Capabilities = Capabilities.Tree | Capabilities.HiddenStates };
        using (await _plugins.Host.PlanAsync(model.Loaded(), new() { Method = "treeish" }, TestContext.Current.CancellationToken))
        { }

        var plan = async () => await _plugins.Host.PlanAsync(model.Loaded(), new() { Method = "treeish", Target = "shifted" });
        await plan.Should()
            .ThrowAsync<PlanException>()
            .WithMessage(
                "The drafter 'tree' needs trees and hidden states, which model 'scripted shifted by 1' does not offer. A shifted model offers nothing."
            );
    }

    [Fact]
    public Task A_part_that_cannot_prepare_is_named() =>
        Refuses(
            new() { Drafter = "unprepared" },
            "The drafter 'unprepared' cannot work here: the heads file is missing. Name one with --heads."
        );

    [Fact]
    public async Task A_broken_processor_does_not_spoil_requests_that_have_nothing_to_do_with_it()
    {
        using var workshop = PluginWorkshop.With("Basics");
        workshop.Add(
            "Bad",
            PluginWorkshop
                .Fixture("TopA")
                .Replace(
                    "public ShapeStage Stage",
                    "public TopA() => throw new InvalidOperationException(\"no\"); public ShapeStage Stage"
                )
        );
        using var host = workshop.Load();

        using var plan = await host.PlanAsync(_model.Loaded(), new(), TestContext.Current.CancellationToken);
        plan.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("PLG007");
        var asked = async () => await host.PlanAsync(_model.Loaded(), Set("top-a", "0.1"));
        await asked.Should().ThrowAsync<PlanException>().WithMessage("PLG007 plugin 'Bad'*processor 'top-a'*no.*");
    }

    [Fact]
    public async Task A_part_that_throws_when_it_is_asked_something_is_a_refusal_too()
    {
        using var workshop = PluginWorkshop.With("Basics");
        workshop.Add("Bad", PluginWorkshop.Fixture("Recipe").Replace("=> new()", "=> throw new FormatException(\"no recipe.\")"));
        using var host = workshop.Load();
        var plan = async () => await host.PlanAsync(_model.Loaded(), new() { Method = "plain" });
        await plan.Should()
            .ThrowAsync<PlanException>()
            .WithMessage("A part failed while the plan was made (method 'plain'): FormatException: no recipe.");
    }

    [Fact]
    public async Task Two_plugins_whose_entries_disagree_on_a_shared_option_are_refused()
    {
        using var workshop = PluginWorkshop.With("Basics");
        workshop.Add(
            "Twin",
            PluginWorkshop
                .Fixture("TopA")
                .Replace("\"top-a\"", "\"temperature\"")
                .Replace("[LogitsProcessor(\"temperature\"", "[LogitsProcessor(\"twin\"")
        );
        var settings = workshop.Settings with
        {
            Plugins = new Dictionary<string, PluginSettings>
            {
                ["Basics"] = Entry("temperature", "0.5"),
                ["Twin"] = Entry("temperature", "0.6"),
            },
        };
        using var host = workshop.Load(settings);
        var plan = async () => await host.PlanAsync(_model.Loaded(), new());
        await plan.Should()
            .ThrowAsync<PlanException>()
            .WithMessage(
                "plugins.json sets option 'temperature' to 0.5 for plugin 'Basics' and to 0.6 for plugin 'Twin', and parts of one recipe share an option. Give both the same value, or set it in the request."
            );
    }

    private async ValueTask<Plan> Plan(GenerationRequest request, HostSettings? settings = null) =>
        await new Planner(_plugins.Host.Plugins, settings ?? _plugins.Settings).PlanAsync(
            _model.Loaded(),
            request,
            TestContext.Current.CancellationToken
        );

    private async Task Refuses(GenerationRequest request, string message, HostSettings? settings = null)
    {
        var plan = async () => await Plan(request, settings);
        await plan.Should().ThrowAsync<PlanException>().WithMessage(message);
    }

    private static GenerationRequest Set(string option, string value) => new() { Options = { [option] = value } };

    private HostSettings With(string plugin, string option, string value) =>
        _plugins.Settings with
        {
            Plugins = new Dictionary<string, PluginSettings> { [plugin] = Entry(option, value) },
        };

    private static PluginSettings Entry(string option, string value) =>
        new() { Options = new Dictionary<string, string> { [option] = value } };

    public sealed class Plugins : IDisposable
    {
        private readonly PluginWorkshop _workshop = PluginWorkshop.With("Basics", "Strange", "TopA");

        public Plugins()
        {
            Host = _workshop.Load();
            Host.Plugins.Diagnostics.Should().BeEmpty();
        }

        public TokenwrightHost Host { get; }

        public HostSettings Settings => _workshop.Settings;

        public void Dispose()
        {
            Host.Dispose();
            _workshop.Dispose();
        }
    }
}
