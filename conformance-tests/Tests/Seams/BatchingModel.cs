namespace Tokenwright.Tests.Seams;

/// <summary>Coalesces the forwards of several texts: each waits until every text that still runs has asked, then one forward serves them all.</summary>
internal sealed class BatchingModel(ICausalModel inner, int texts) : ICausalModel
{
    private readonly Lock _lock = new();
    private readonly List<(ForwardItem Item, TaskCompletionSource Done)> _waiting = [];
    private int _open = texts;

    public ModelInfo Info => inner.Info;

    public Capabilities Capabilities => inner.Capabilities;

    public string Explain(Capabilities missing) => inner.Explain(missing);

    public ISequence CreateSequence() => new Member(this, inner.CreateSequence());

    public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            var item = items.Span[0];
            _waiting.Add((item with { Sequence = ((Member)item.Sequence).Inner }, done));
            Flush();
        }

        return new ValueTask(done.Task);
    }

    public void Dispose() { }

    private void Flush()
    {
        if (_waiting.Count == 0 || _waiting.Count < _open)
        {
            return;
        }

        var forward = inner.ForwardAsync(_waiting.Select(w => w.Item).ToArray());
        forward.IsCompletedSuccessfully.Should().BeTrue();
        _waiting.ForEach(w => w.Done.SetResult());
        _waiting.Clear();
    }

    private sealed class Member(BatchingModel owner, ISequence inner) : ISequence
    {
        public ISequence Inner => inner;

        public ReadOnlySpan<int> Tokens => inner.Tokens;

        public int Provisional => inner.Provisional;

        public IRows Rows => inner.Rows;

        public void Commit(ReadOnlySpan<int> path) => inner.Commit(path);

        public void Commit(int count) => inner.Commit(count);

        public void Drop() => inner.Drop();

        public void Rewind(int length) => inner.Rewind(length);

        public ISequence Fork(int length) => throw new NotSupportedException();

        public void Dispose()
        {
            inner.Dispose();
            lock (owner._lock)
            {
                owner._open--;
                owner.Flush();
            }
        }
    }
}
