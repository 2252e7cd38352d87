using Tokenwright.Models;
using Tokenwright.Models.Builder;

namespace Tokenwright.Tests.Models.Runtime;

/// <summary>Real models, opened once for all tests over a cache of their own: the embedded ones, and shared ones where they are.</summary>
public sealed class ReferenceModels : IDisposable
{
    private readonly string _cache = Directory.CreateTempSubdirectory("tokenwright-tests-").FullName;

    private readonly Lazy<LanguageModel> _smolLm2;
    private readonly Lazy<LanguageModel> _smolLm2Draft;

    public ReferenceModels()
    {
        Target = Open("target", new GraphOptions());
        Draft = Open("draft", new GraphOptions());
        _smolLm2 = new(() => OpenShared("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        _smolLm2Draft = new(() => OpenShared("smollm2-draft"));
    }

    public LanguageModel Target { get; }

    public LanguageModel Draft { get; }

    /// <summary>SmolLM2, exact; the test is skipped where it is absent.</summary>
    public LanguageModel SmolLm2 => _smolLm2.Value;

    /// <summary>The draft model of SmolLM2.</summary>
    public LanguageModel SmolLm2Draft => _smolLm2Draft.Value;

    public LanguageModel Open(string name, GraphOptions graph) =>
        LanguageModel.Open(Repository.ReferenceModel(name), new LanguageModelOptions { CacheFolder = _cache, Graph = graph });

    public void Dispose()
    {
        Target.Dispose();
        Draft.Dispose();
        foreach (var shared in new[] { _smolLm2, _smolLm2Draft }.Where(shared => shared.IsValueCreated))
        {
            shared.Value.Dispose();
        }

        Directory.Delete(_cache, recursive: true);
    }

    private LanguageModel OpenShared(params string[] path) =>
        LanguageModel.Open(
            Repository.Shared(["models", .. path]),
            new LanguageModelOptions
            {
                CacheFolder = _cache,
                Graph = new GraphOptions { ContextLength = 2048 },
            }
        );
}
