using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Tests.Models;

public class GraphCacheTests
{
    private static readonly GraphOptions s_options = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_graph_is_built_once_and_found_again()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        GraphCache cache = new(folder.Path);
        BuiltGraph first = cache.Get(model.Path, s_options, Cancellation);
        DateTime written = File.GetLastWriteTimeUtc(first.Path);
        BuiltGraph second = new GraphCache(folder.Path).Get(model.Path, s_options, Cancellation);

        second.Folder.Should().Be(first.Folder);
        File.GetLastWriteTimeUtc(second.Path).Should().Be(written);
        second.Manifest.Should().BeEquivalentTo(first.Manifest);
        first
            .Manifest.Should()
            .BeEquivalentTo(
                new
                {
                    Architecture = "LlamaForCausalLM",
                    Layers = 2,
                    Heads = 4,
                    KeyValueHeads = 2,
                    HeadSize = 16,
                    PaddedHeadSize = 16,
                    HiddenSize = 32,
                    VocabularySize = 40,
                    ContextLength = 64,
                    EndTokenIds = new[] { 2, 3 },
                    BeginTokenId = 1,
                    Options = s_options,
                }
            );
        Visible(folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void Other_options_weights_or_settings_give_another_graph_and_a_copy_gives_the_same()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        using TemporaryFolder copy = new();
        RandomLlama.Write(model.Path, headSize: 16);
        RandomLlama.Write(copy.Path, headSize: 16);
        GraphCache cache = new(folder.Path);
        string first = cache.Get(model.Path, s_options, Cancellation).Folder;
        cache.Get(copy.Path, s_options, Cancellation).Folder.Should().Be(first);
        cache.Get(model.Path, new GraphOptions { ArgMax = true }, Cancellation).Folder.Should().NotBe(first);

        byte[] weights = File.ReadAllBytes(copy.File("model.safetensors"));
        weights[^2] ^= 1;
        File.WriteAllBytes(copy.File("model.safetensors"), weights);
        File.SetLastWriteTimeUtc(copy.File("model.safetensors"), DateTime.UtcNow.AddSeconds(5));
        cache.Get(copy.Path, s_options, Cancellation).Folder.Should().NotBe(first);

        File.WriteAllText(model.File("generation_config.json"), "{\"eos_token_id\": 9}");
        BuiltGraph other = cache.Get(model.Path, s_options, Cancellation);
        other.Folder.Should().NotBe(first);
        other.Manifest.EndTokenIds.Should().Equal(9);
    }

    [Fact]
    public void The_folder_is_the_variables_or_the_platforms()
    {
        string? before = Environment.GetEnvironmentVariable(GraphCache.FolderVariable);
        try
        {
            Environment.SetEnvironmentVariable(GraphCache.FolderVariable, "some-cache");
            new GraphCache().Folder.Should().Be(Path.GetFullPath("some-cache"));
            Environment.SetEnvironmentVariable(GraphCache.FolderVariable, "");
            Path.GetFileName(new GraphCache().Folder).Should().Be("tokenwright");
        }
        finally
        {
            Environment.SetEnvironmentVariable(GraphCache.FolderVariable, before);
        }
    }

    [Fact]
    public void The_users_files_stay_as_they_are()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        Dictionary<string, byte[]> before = Directory.GetFiles(model.Path).ToDictionary(path => path, File.ReadAllBytes);
        new GraphCache(folder.Path).Get(model.Path, s_options, Cancellation);
        Directory.GetFileSystemEntries(model.Path).Should().BeEquivalentTo(before.Keys);
        foreach ((string path, byte[] content) in before)
        {
            File.ReadAllBytes(path).Should().Equal(content);
        }
    }

    [Fact]
    public void A_cache_that_cannot_be_written_names_the_folder_and_the_variable()
    {
        using TemporaryFolder folder = new();
        string file = folder.File("file");
        File.WriteAllText(file, "");
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        GraphCache cache = new(Path.Combine(file, "cache"));
        Action get = () => cache.Get(model.Path, s_options, Cancellation);
        get.Should().Throw<IOException>().WithMessage($"*{file}*cannot be written*TOKENWRIGHT_CACHE*");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public void A_disk_that_fills_up_half_way_leaves_nothing_and_says_so(int readings)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        using Checkpoint checkpoint = Checkpoint.Open(model.Path);
        GraphCache cache = new(folder.Path);
        string partial = "";
        Action get = () =>
            cache.Get(
                "content",
                s_options,
                target =>
                {
                    FailingSource source = new(
                        checkpoint,
                        readings,
                        () => new IOException("No space left on device."),
                        () => partial = target
                    );
                    GraphBuilder.Build(checkpoint.Config, checkpoint.Generation, source, s_options, target, Cancellation);
                }
            );
        get.Should().Throw<IOException>().WithMessage($"*{folder.Path}*No space left*Free some space or set TOKENWRIGHT_CACHE*");
        partial.Should().StartWith(folder.Path);
        Directory.Exists(partial).Should().BeFalse();
        Directory.GetFileSystemEntries(Path.Combine(folder.Path, "graphs")).Should().BeEmpty();
    }

    [Fact]
    public void A_builder_that_fails_or_is_cancelled_leaves_nothing_and_the_next_one_succeeds()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        using Checkpoint checkpoint = Checkpoint.Open(model.Path);
        GraphCache cache = new(folder.Path);
        Action fails = () => Build(new FailingSource(checkpoint, 4, () => new CheckpointException("broken"), () => { }));
        fails.Should().Throw<CheckpointException>().WithMessage("broken");
        Directory.GetFileSystemEntries(Path.Combine(folder.Path, "graphs")).Should().BeEmpty();

        Action cancelled = () => cache.Get(model.Path, s_options, new CancellationToken(canceled: true));
        cancelled.Should().Throw<OperationCanceledException>();
        Visible(folder.Path).Should().BeEmpty();

        Build(checkpoint);
        Visible(folder.Path).Should().ContainSingle();

        void Build(ITensorSource source) =>
            cache.Get(
                "content",
                s_options,
                target => GraphBuilder.Build(checkpoint.Config, checkpoint.Generation, source, s_options, target, Cancellation)
            );
    }

    [Fact]
    public void Builders_at_the_same_time_end_up_with_one_graph()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        using Barrier barrier = new(6);
        using Checkpoint checkpoint = Checkpoint.Open(model.Path);
        int built = 0;
        BuiltGraph[] graphs = new BuiltGraph[6];
        Thread[] threads =
        [
            .. Enumerable
                .Range(0, graphs.Length)
                .Select(i => new Thread(() =>
                    graphs[i] = new GraphCache(folder.Path).Get(
                        "content",
                        s_options,
                        target =>
                        {
                            GraphBuilder.Build(checkpoint.Config, checkpoint.Generation, checkpoint, s_options, target);
                            Interlocked.Increment(ref built);
                            // Everybody has a finished graph in hand before anybody publishes.
                            barrier.SignalAndWait();
                        }
                    )
                )),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        built.Should().Be(6);
        graphs.Select(graph => graph.Folder).Distinct().Should().ContainSingle();
        Directory.GetFileSystemEntries(Path.Combine(folder.Path, "graphs")).Should().Equal(graphs[0].Folder);
        using GraphRunner runner = new(graphs[0]);
        runner.Forward([1, 2, 3]).Should().HaveCount(3);
    }

    [Theory]
    [InlineData(OnnxFiles.Weights)]
    [InlineData(OnnxFiles.Graph)]
    [InlineData(ModelManifest.FileName)]
    public void A_damaged_entry_is_built_again(string name)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        GraphCache cache = new(folder.Path);
        string path = Path.Combine(cache.Get(model.Path, s_options, Cancellation).Folder, name);
        byte[] whole = File.ReadAllBytes(path);
        File.Delete(path);
        if (name != OnnxFiles.Graph)
        {
            File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        }

        cache.Get(model.Path, s_options, Cancellation);
        File.ReadAllBytes(path).Should().Equal(whole);
        Directory.GetFileSystemEntries(Path.Combine(folder.Path, "graphs")).Should().ContainSingle();
    }

    [Fact]
    public void What_a_killed_builder_left_behind_is_never_opened_and_swept_after_a_day()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder model = new();
        RandomLlama.Write(model.Path, headSize: 16);
        string old = Path.Combine(folder.Path, "graphs", ".0123456789abcdef.old");
        string recent = Path.Combine(folder.Path, "graphs", ".0123456789abcdef.new");
        Directory.CreateDirectory(old);
        Directory.CreateDirectory(recent);
        Directory.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-2));
        new GraphCache(folder.Path).Get(model.Path, s_options, Cancellation);
        Directory.Exists(old).Should().BeFalse();
        Directory.Exists(recent).Should().BeTrue();
    }

    [Fact]
    public void A_checkpoint_that_is_not_there_is_the_checkpoints_fault()
    {
        using TemporaryFolder folder = new();
        Action get = () => new GraphCache(folder.Path).Get(folder.File("nowhere"), s_options, Cancellation);
        get.Should().Throw<CheckpointException>().WithMessage("*nowhere*does not exist*");
    }

    private static string[] Visible(string folder) =>
        Directory.Exists(Path.Combine(folder, "graphs"))
            ? [.. Directory.GetDirectories(Path.Combine(folder, "graphs")).Where(path => Path.GetFileName(path)[0] != '.')]
            : [];

    private sealed class FailingSource(ITensorSource inner, int readings, Func<Exception> error, Action failing) : ITensorSource
    {
        private int _left = readings;

        public string Origin => inner.Origin;

        public IEnumerable<string> Names => inner.Names;

        public IReadOnlyList<long>? ShapeOf(string name) => inner.ShapeOf(name);

        public void ReadRows(string name, int first, Span<float> destination)
        {
            if (_left-- == 0)
            {
                failing();
                throw error();
            }

            inner.ReadRows(name, first, destination);
        }
    }
}
