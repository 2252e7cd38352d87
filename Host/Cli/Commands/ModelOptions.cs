using System.CommandLine;
using Tokenwright.Host;
using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Runtime;

namespace Tokenwright.Cli.Commands;

/// <summary>The options by which every command says which model it means and how that runs.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string?> _model = new("--model")
    {
        Description =
            "A model's name or its path, a folder or a GGUF file; default: that of plugins.json, else the reference target.",
    };
    private readonly Option<WeightPrecision?> _precision = Precision.Option();
    private readonly NumberOption<int> _threads = new("--threads", 1, 1024)
    {
        Description = "Threads of ONNX Runtime; one per core if not given.",
    };
    private readonly ChoiceOption<ExecutionProvider> _provider = new("--provider")
    {
        Description = "Where the model runs: cpu or cuda.",
    };
    private readonly Option<string?> _plugins = new("--plugins") { Description = "Another plugins.json." };
    private readonly BuildTalk _building = new();

    public void AddTo(Command command)
    {
        command.Add(_model);
        command.Add(_precision);
        command.Add(_threads);
        command.Add(_provider);
        command.Add(_plugins);
    }

    /// <summary>The models that can be named.</summary>
    public ModelLibrary Library(ParseResult parsed) =>
        new(
            new LanguageModelOptions
            {
                Threads = parsed.GetValue(_threads),
                Provider = parsed.GetValue(_provider),
                Graph = new GraphOptions { Precision = parsed.GetValue(_precision) ?? WeightPrecision.Float32 },
                Progress = _building,
            }
        );

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
    public Tokenwright.Models.LanguageModel OpenModel(ParseResult parsed, string? name, CancellationToken cancellation)
    {
        name ??= parsed.GetValue(_model) ?? HostSettings.Load(parsed.GetValue(_plugins)).Defaults.Model;
        var model = Library(parsed).OpenLanguageModel(name, cancellation);
        try
        {
            Check(parsed, model.Model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Opens the model that the user means.</summary>
    public Tokenwright.Host.LanguageModel Open(ParseResult parsed, TokenwrightHost host, CancellationToken cancellation)
    {
        var model = host.OpenModel(parsed.GetValue(_model), cancellation);
        try
        {
            Check(parsed, (OnnxCausalModel)model.Model.Model);
            // Reading a vocabulary leaves some 30 MB behind, and generating makes too little garbage for another collection to come for them.
            // It takes 20 to 30 ms of the start.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // What a model of a path was turned into on first use is said; an imported model has the precision it was imported with.
    private void Check(ParseResult parsed, OnnxCausalModel model)
    {
        var precision = model.Graph.Manifest.Options.Precision;
        if (parsed.GetValue(_precision) is { } asked && asked != precision)
        {
            throw new BadInputException(
                $"Model '{model.Info.Name}' was imported as {Precision.Word(precision)}. Leave --precision out, or import it again from its source with --precision {Precision.Word(asked)}."
            );
        }

        if (_building.HasBuilt && Path.Exists(model.Info.Name))
        {
            BuildTalk.Done(model.Info.Name, model.Graph);
        }
    }
}
