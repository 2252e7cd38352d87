using System.CommandLine;
using Tokenwright.Host;
using Tokenwright.Models;
using Tokenwright.Models.Runtime;

namespace Tokenwright.Cli.Commands;

/// <summary>The options by which every command says which model it means and how that runs.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string?> _model = new("--model")
    {
        Description = "A model's name or the path of its folder; default: that of plugins.json, else the reference target.",
    };
    private readonly NumberOption<int> _threads = new("--threads", 1, 1024)
    {
        Description = "Threads of ONNX Runtime; one per core if not given.",
    };
    private readonly ChoiceOption<ExecutionProvider> _provider = new("--provider")
    {
        Description = "Where the model runs: cpu or cuda.",
    };
    private readonly Option<string?> _plugins = new("--plugins") { Description = "Another plugins.json." };

    public void AddTo(Command command)
    {
        command.Add(_model);
        command.Add(_threads);
        command.Add(_provider);
        command.Add(_plugins);
    }

    /// <summary>The models that can be named.</summary>
    public ModelLibrary Library(ParseResult parsed) =>
        new(new LanguageModelOptions { Threads = parsed.GetValue(_threads), Provider = parsed.GetValue(_provider) });

    /// <summary>Loads plugins and says what is wrong with them.</summary>
    public TokenwrightHost LoadHost(ParseResult parsed)
    {
        var host = TokenwrightHost.Load(
            new TokenwrightOptions { SettingsFile = parsed.GetValue(_plugins), Models = Library(parsed) }
        );
        foreach (var diagnostic in host.Plugins.Diagnostics)
        {
            Talk.Warning(diagnostic.ToString());
        }

        return host;
    }

    /// <summary>Opens the model that the user means, without loading plugins.</summary>
    public Tokenwright.Models.LanguageModel OpenModel(ParseResult parsed, string? name, CancellationToken cancellation) =>
        Library(parsed)
            .OpenLanguageModel(
                name ?? parsed.GetValue(_model) ?? HostSettings.Load(parsed.GetValue(_plugins)).Defaults.Model,
                cancellation
            );

    /// <summary>Opens the model that the user means.</summary>
    public Tokenwright.Host.LanguageModel Open(ParseResult parsed, TokenwrightHost host, CancellationToken cancellation) =>
        host.OpenModel(parsed.GetValue(_model), cancellation);
}
