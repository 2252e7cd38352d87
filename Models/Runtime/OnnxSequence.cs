using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Tokenwright.Models.Builder;

namespace Tokenwright.Models.Runtime;

/// <summary>A sequence of an <see cref="OnnxCausalModel"/>: its tokens, and the space that it works in.</summary>
internal sealed class OnnxSequence : ISequence
{
    /// <summary>From this many rows on a forward is long enough to be cut short by a cancellation.</summary>
    private const int FewestCancellableRows = 32;

    /// <summary>Rows that a cache has room for at first; those that are not used take no memory.</summary>
    private const int FirstCapacity = 2048;

    private readonly GraphOptions _graph;
    private readonly ForwardRows _rows;
    private readonly SequenceSpace _space;
    private readonly ForwardBuffers _buffers;
    private readonly List<int> _tokens = [];
    private readonly List<int> _provisionalTokens = [];
    private readonly List<int> _parents = [];
    private readonly List<int> _positions = [];
    private float[]? _firstLogits;
    private int _mostRows;
    private bool _isDisposed;

    public OnnxSequence(OnnxCausalModel model)
    {
        Model = model;
        _graph = model.Graph.Manifest.Options;
        _space = model.TakeSpace(Math.Min(FirstCapacity, model.Info.ContextLength));
        _buffers = _space.Buffers;
        _rows = new ForwardRows(_buffers, model.Info);
        _tokens.EnsureCapacity(_space.Cache.Capacity);
    }

    public OnnxCausalModel Model { get; }

    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    public int Provisional => _parents.Count;

    public IRows Rows => _rows;

    public void Forward(in ForwardItem item, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var tokens = item.Tokens.Span;
        int committed = _tokens.Count;
        int before = Provisional;
        int past = committed + before;
        int total = past + tokens.Length;
        Check(item, total);
        bool isChain = AddProvisional(tokens, item.Parents.Span);
        try
        {
            if (!isChain && !_graph.Tree)
            {
                throw new NotSupportedException(
                    "A tree was fed to a graph without a tree bias. " + Model.Explain(Capabilities.Tree)
                );
            }

            if (!isChain && committed == 0)
            {
                throw new NotSupportedException("A tree needs at least one committed row before it: commit the prompt first.");
            }

            Grow(total, past);
            var wanted = item.Wanted;
            var shape = new ForwardShape(
                Rows: tokens.Length,
                Columns: isChain ? tokens.Length : before + tokens.Length,
                Scored: wanted.Scored == RowSelection.All || Model.Contract == GraphContract.GenAi ? tokens.Length : 1,
                Logits: !_graph.ArgMax || wanted.Logits != RowSelection.None || wanted.TopK != RowSelection.None,
                Hidden: wanted.Hidden != RowSelection.None
            );
            _space.Reserve(shape);
            if (shape.Scored > 1 && Model.Contract == GraphContract.GenAiLastRow)
            {
                RunRowByRow(tokens, past, cancellation);
            }
            else
            {
                Fill(shape, tokens, total, isChain);
                Run(shape, total, cancellation);
            }

            _rows.Set(tokens.Length, wanted, shape);
        }
        catch
        {
            CutProvisional(before);
            throw;
        }
    }

    public void Commit(ReadOnlySpan<int> path)
    {
        int committed = _tokens.Count;
        for (int i = 0; i < path.Length; i++)
        {
            int row = path[i];
            if ((uint)row >= (uint)Provisional || _parents[row] != (i == 0 ? -1 : path[i - 1]))
            {
                throw new ArgumentException(
                    $"Row {row} does not go on the path: each row must be the child of the one before.",
                    nameof(path)
                );
            }
        }

        for (int i = 0; i < path.Length; i++)
        {
            if (path[i] != i)
            {
                _space.Cache.MoveRow(committed + path[i], committed + i);
            }

            _tokens.Add(_provisionalTokens[path[i]]);
        }

        CutProvisional(0);
    }

    public void Commit(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Provisional);
        for (int row = 0; row < count; row++)
        {
            if (_parents[row] != row - 1)
            {
                throw new ArgumentException($"The first {count} provisional rows are not a chain.", nameof(count));
            }
        }

        for (int row = 0; row < count; row++)
        {
            _tokens.Add(_provisionalTokens[row]);
        }

        CutProvisional(0);
    }

    public void Drop() => CutProvisional(0);

    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _tokens.Count);
        CutProvisional(0);
        CollectionsMarshal.SetCount(_tokens, length);
    }

    public ISequence Fork(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _tokens.Count);
        var fork = new OnnxSequence(Model);
        if (length > fork._space.Cache.Capacity)
        {
            fork._space.Grow(_space.Cache.Capacity, 0);
        }

        _space.Cache.CopyTo(fork._space.Cache, length);
        fork._mostRows = length;
        fork._tokens.AddRange(Tokens[..length]);
        return fork;
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            Model.ReturnSpace(_space, _mostRows);
        }
    }

    private void Check(in ForwardItem item, int total)
    {
        var tokens = item.Tokens.Span;
        if (!item.Embeddings.IsEmpty || !item.RoutedRanks.IsEmpty)
        {
            var missing = item.Embeddings.IsEmpty ? Capabilities.Routing : Capabilities.Embeddings;
            throw new NotSupportedException(Model.Explain(missing));
        }

        if (item.Wanted.Hidden != RowSelection.None && !_graph.HiddenStates)
        {
            throw new NotSupportedException(Model.Explain(Capabilities.HiddenStates));
        }

        if (tokens.IsEmpty)
        {
            throw new ArgumentException("An item needs at least one token.");
        }

        if (total > Model.Info.ContextLength)
        {
            throw new InvalidOperationException($"{total} rows do not fit the context of {Model.Info.ContextLength} tokens.");
        }

        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)Model.Info.VocabularySize)
            {
                throw new ArgumentException($"Token {token} is not in the vocabulary of {Model.Info.VocabularySize}.");
            }
        }

        if (!item.Parents.IsEmpty && item.Parents.Length != tokens.Length)
        {
            throw new ArgumentException($"{tokens.Length} tokens have {item.Parents.Length} parents.");
        }

        for (int i = 0; i < item.Parents.Length; i++)
        {
            int parent = item.Parents.Span[i];
            if (parent < -1 || parent >= Provisional + i)
            {
                throw new ArgumentException(
                    $"The parent of row {Provisional + i} is {parent}; it must be −1 or an earlier provisional row."
                );
            }
        }
    }

    /// <summary>Notes the new rows; says whether the whole provisional region is one chain.</summary>
    private bool AddProvisional(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            int parent = parents.IsEmpty ? Provisional - 1 : parents[i];
            _positions.Add(parent < 0 ? _tokens.Count : _positions[parent] + 1);
            _parents.Add(parent);
            _provisionalTokens.Add(tokens[i]);
        }

        for (int row = 0; row < _parents.Count; row++)
        {
            if (_parents[row] != row - 1)
            {
                return false;
            }
        }

        return true;
    }

    private void CutProvisional(int count)
    {
        CollectionsMarshal.SetCount(_provisionalTokens, count);
        CollectionsMarshal.SetCount(_parents, count);
        CollectionsMarshal.SetCount(_positions, count);
    }

    private void Grow(int total, int rows)
    {
        if (total > _space.Cache.Capacity)
        {
            int capacity = _space.Cache.Capacity;
            while (capacity < total)
            {
                capacity *= 2;
            }

            _space.Grow(Math.Min(capacity, Model.Info.ContextLength), rows);
            _tokens.EnsureCapacity(_space.Cache.Capacity);
        }

        _mostRows = Math.Max(_mostRows, total);
    }

    private void Fill(in ForwardShape shape, ReadOnlySpan<int> tokens, int total, bool isChain)
    {
        int first = Provisional - tokens.Length;
        var ids = _buffers.Ids.Span;
        var positions = _buffers.Positions.Span;
        for (int i = 0; i < tokens.Length; i++)
        {
            ids[i] = tokens[i];
            positions[i] = _positions[first + i];
        }

        var scored = _buffers.LogitRows.Span;
        for (int i = 0; i < shape.Scored; i++)
        {
            scored[i] = tokens.Length - shape.Scored + i;
        }

        _buffers.Before.Span[0] = total - shape.Columns;
        _buffers.LastIndex.Span[0] = total - 1;
        _buffers.Total.Span[0] = total;
        if (!_graph.Tree)
        {
            return;
        }

        var bias = _buffers.Bias.Span[..(shape.Rows * shape.Columns)];
        if (isChain)
        {
            bias.Clear();
            return;
        }

        bias.Fill(float.MinValue);
        for (int i = 0; i < tokens.Length; i++)
        {
            for (int row = first + i; row >= 0; row = _parents[row])
            {
                bias[i * shape.Columns + row] = 0;
            }
        }
    }

    // A graph that scores only the last row runs once for each row; its logits land in the first slot.
    private void RunRowByRow(ReadOnlySpan<int> tokens, int past, CancellationToken cancellation)
    {
        var one = new ForwardShape(Rows: 1, Columns: 1, Scored: 1, Logits: true, Hidden: false);
        int width = Model.Info.VocabularySize;
        var logits = _buffers.Logits.Span;
        _firstLogits ??= new float[width];
        for (int i = 0; i < tokens.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Fill(one, tokens.Slice(i, 1), past + i + 1, isChain: true);
            Run(one, past + i + 1, cancellation);
            logits[..width].CopyTo(i == 0 ? _firstLogits : logits.Slice(i * width, width));
        }

        _firstLogits.CopyTo(logits);
    }

    private void Run(in ForwardShape shape, int total, CancellationToken cancellation)
    {
        var bound = _space.Take(shape);
        var options = _space.RunOptions;
        if (Model.Masks is { } masks)
        {
            bound.Binding.BindInput(Model.Graph.Names.AttentionMask, masks[total]);
        }

        try
        {
            if (shape.Rows < FewestCancellableRows || !cancellation.CanBeCanceled)
            {
                Model.Run(bound.Binding, options);
                return;
            }

            using (cancellation.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options))
            {
                Model.Run(bound.Binding, options);
            }
        }
        catch (OnnxRuntimeException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        finally
        {
            if (cancellation.IsCancellationRequested)
            {
                options.Terminate = false;
            }

            SequenceSpace.Return(shape, bound);
        }
    }
}
