using Tokenwright.Models;
using Tokenwright.Models.Builder;

namespace Tokenwright.Tests.Models.Runtime;

/// <summary>The embedded models, opened once for all tests over a cache of their own.</summary>
public sealed class ReferenceModels : IDisposable
{
    private readonly string _cache = Directory.CreateTempSubdirectory("tokenwright-tests-").FullName;

    public ReferenceModels()
    {
        Target = Open("target", new GraphOptions());
        Draft = Open("draft", new GraphOptions());
    }

    public LanguageModel Target { get; }

    public LanguageModel Draft { get; }

    public LanguageModel Open(string name, GraphOptions graph) =>
        LanguageModel.Open(Repository.ReferenceModel(name), new LanguageModelOptions { CacheFolder = _cache, Graph = graph });

    public void Dispose()
    {
        Target.Dispose();
        Draft.Dispose();
        Directory.Delete(_cache, recursive: true);
    }
}
