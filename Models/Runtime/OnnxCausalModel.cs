using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Tokenwright.Models.Builder;

namespace Tokenwright.Models.Runtime;

/// <summary>A built graph in an ONNX Runtime session.</summary>
/// <remarks>Safe to share between threads, one sequence per caller. Items of one forward run one after the other.</remarks>
public sealed class OnnxCausalModel : ICausalModel
{
    private readonly InferenceSession _session;
    private long _runtimeTicks;
    private SequenceSpace? _spareSpace;
    private bool _isDisposed;

    /// <summary>Opens a session.</summary>
    /// <param name="name">What the user calls the model.</param>
    /// <param name="graph">The graph and its facts.</param>
    /// <param name="provider">Where it runs.</param>
    /// <exception cref="InvalidOperationException">ONNX Runtime cannot load the graph, or lacks the provider.</exception>
    public OnnxCausalModel(string name, BuiltGraph graph, ExecutionProvider provider = ExecutionProvider.Cpu)
    {
        Graph = graph;
        var facts = graph.Manifest;
        Info = new ModelInfo(name, facts.VocabularySize, facts.ContextLength, facts.EndTokenIds, facts.HiddenSize);
        OnnxEnvironment.Start(null);
        OnnxEnvironment.Check(provider);
        using var options = OnnxEnvironment.CreateSessionOptions(provider);
        try
        {
            _session = new InferenceSession(graph.Path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidOperationException($"ONNX Runtime cannot load {graph.Path}: {e.Message}", e);
        }

        if (facts.Options.Contract != GraphContract.Tokenwright)
        {
            Masks = new AttentionMasks();
            try
            {
                Contract = graph.Names.CheckGenAi(_session, graph);
            }
            catch
            {
                _session.Dispose();
                throw;
            }
        }

        Capabilities =
            Capabilities.Rewind
            | Capabilities.Fork
            | (facts.Options.Tree ? Capabilities.Tree : 0)
            | (facts.Options.HiddenStates ? Capabilities.HiddenStates : 0);
    }

    /// <summary>The graph and its facts.</summary>
    public BuiltGraph Graph { get; }

    /// <inheritdoc/>
    public ModelInfo Info { get; private set; }

    /// <inheritdoc/>
    public Capabilities Capabilities { get; }

    /// <summary>Time spent inside ONNX Runtime by all forwards so far; the rest of a step is ours.</summary>
    public TimeSpan RuntimeElapsed => TimeSpan.FromTicks(Interlocked.Read(ref _runtimeTicks));

    /// <summary>What the session's inputs and outputs say, which knows of a foreign graph more than its folder.</summary>
    internal GraphContract Contract { get; }

    /// <summary>The masks of a graph that is told its lengths so; else null.</summary>
    internal AttentionMasks? Masks { get; }

    /// <inheritdoc/>
    public string Explain(Capabilities missing)
    {
        var reasons = new List<string>();
        if (missing.HasFlag(Capabilities.Tree))
        {
            reasons.Add(
                Contract == GraphContract.Tokenwright
                    ? "its graph was built without a tree bias; build it with one, or use a method that drafts chains"
                    : "a graph made for ONNX Runtime GenAI has no tree bias; use the model's checkpoint, or a method that drafts chains"
            );
        }

        if (missing.HasFlag(Capabilities.HiddenStates))
        {
            reasons.Add(
                Contract == GraphContract.Tokenwright
                    ? "its graph was built without the hidden-states output; build it with one"
                    : "a graph made for ONNX Runtime GenAI gives no hidden states; use the model's checkpoint"
            );
        }

        if (missing.HasFlag(Capabilities.Batch))
        {
            reasons.Add("its attention takes one sequence at a time once there is a past");
        }

        if (missing.HasFlag(Capabilities.Embeddings))
        {
            reasons.Add("its graph takes token ids only");
        }

        if (missing.HasFlag(Capabilities.Routing))
        {
            reasons.Add("its graph has no routing input; only mixture-of-experts models can have one");
        }

        return $"{Info.Name}: {string.Join("; ", reasons)}.";
    }

    /// <summary>Lets one more token end a text. Called while the model is opened, before anyone uses it.</summary>
    internal void EndWith(int token)
    {
        if (!Info.EndTokens.Contains(token))
        {
            Info = Info with { EndTokens = [.. Info.EndTokens, token] };
        }
    }

    /// <inheritdoc/>
    public ISequence CreateSequence() => new OnnxSequence(this);

    /// <inheritdoc/>
    public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
    {
        var span = items.Span;
        for (int i = 0; i < span.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (span[i].Sequence is not OnnxSequence sequence || sequence.Model != this)
            {
                throw new ArgumentException("The sequence is not of this model.", nameof(items));
            }

            sequence.Forward(span[i], cancellation);
        }

        return default;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        Interlocked.Exchange(ref _spareSpace, null)?.Dispose();
        _session.Dispose();
        Masks?.Dispose();
    }

    /// <summary>The space of the sequence which ended last, if it was kept, else a new one.</summary>
    /// <param name="capacity">Rows that a new one has room for.</param>
    internal SequenceSpace TakeSpace(int capacity) =>
        Interlocked.Exchange(ref _spareSpace, null) ?? new SequenceSpace(this, capacity);

    /// <summary>Takes the space of a sequence that ended; one is kept.</summary>
    /// <param name="space">The space.</param>
    /// <param name="rows">How many of the first rows of its cache may hold something.</param>
    internal void ReturnSpace(SequenceSpace space, int rows)
    {
        if (_isDisposed)
        {
            space.Dispose();
            return;
        }

        space.Clear(rows);
        Interlocked.Exchange(ref _spareSpace, space)?.Dispose();
    }

    internal OrtIoBinding CreateBinding() => _session.CreateIoBinding();

    internal void Run(OrtIoBinding binding, RunOptions options)
    {
        long start = Stopwatch.GetTimestamp();
        _session.RunWithBinding(options, binding);
        Interlocked.Add(ref _runtimeTicks, Stopwatch.GetElapsedTime(start).Ticks);
    }
}
