using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Imports;

namespace Tokenwright.Tests.Models.Imports;

public class ImportedModelTests
{
    private static readonly GraphOptions Options = new();

    [Fact]
    public void An_import_that_ends_early_leaves_what_was_there()
    {
        using TemporaryFolder folder = new();
        string source = GgufWriter.Chat().Save(folder);
        string models = folder.File("models");
        string target = Path.Combine(models, "m");

        Import(0).Should().Throw<OperationCanceledException>();
        Directory.EnumerateFileSystemEntries(models).Should().BeEmpty();

        Import(2).Should().NotThrow();
        var before = ImportedModel.Open(target)!.Record;
        GgufWriter.Chat().Set("llama.context_length", 32u).Save(folder);
        Import(0.5).Should().Throw<OperationCanceledException>();
        Directory.EnumerateFileSystemEntries(models).Should().ContainSingle();
        ImportedModel.Open(target)!.Record.Should().Be(before);

        Import(2).Should().NotThrow();
        ImportedModel.Open(target)!.Graph.Manifest.ContextLength.Should().Be(32);
        Directory.EnumerateFileSystemEntries(models).Should().ContainSingle();

        Action Import(double until) =>
            () =>
            {
                using CancellationTokenSource stop = new();
                GraphCache cache = new(folder.File("cache"));
                string content = ImportedModel.ContentOf(source, cache, stop.Token);
                ImportedModel.Create(source, target, Options, content, new Until(until, stop), stop.Token);
            };
    }

    [Fact]
    public void A_damaged_import_is_named()
    {
        using TemporaryFolder folder = new();
        string source = GgufWriter.Chat().Save(folder);
        string target = folder.File("m");
        GraphCache cache = new(folder.File("cache"));
        string content = ImportedModel.ContentOf(source, cache, TestContext.Current.CancellationToken);
        ImportedModel.Create(source, target, Options, content, cancellation: TestContext.Current.CancellationToken);
        using (LanguageModel model = LanguageModel.Open(target, new LanguageModelOptions { CacheFolder = cache.Folder }))
        {
            model.Tokenizer!.Encode("ab").Should().Equal(4);
            model.Chat.Should().NotBeNull();
            model.Model.Graph.Manifest.Parameters.Should().Be(Parameters());
        }

        Action nested = () => ImportedModel.ContentOf(target, cache, TestContext.Current.CancellationToken);
        nested.Should().Throw<CheckpointException>().WithMessage("*is an imported model already*");
        using (FileStream weights = File.OpenWrite(Path.Combine(target, "model.onnx.data")))
        {
            weights.SetLength(weights.Length - 1);
        }

        Action open = () => ImportedModel.Open(target);
        open.Should().Throw<CheckpointException>().WithMessage("*is damaged. Import it again.");

        static long Parameters() => 8 * 64 + 64 + 2 * (64 + 64 * 64 + 2 * 32 * 64 + 64 * 64 + 64 + 3 * 48 * 64);
    }

    private sealed class Until(double value, CancellationTokenSource stop) : IProgress<double>
    {
        public void Report(double done)
        {
            if (done >= value)
            {
                stop.Cancel();
            }
        }
    }
}
