using Tokenwright.Conformance;

namespace Tokenwright.Tests.Seams;

/// <summary>The table holds its callers to the contract; these are the ways to break it.</summary>
public class TableModelTests
{
    private readonly TableModel _model = TableModel.Random(5, 2, seed: 0, context: 8);

    [Fact]
    public void ATreeOverSeveralForwardsEqualsItsChains()
    {
        var sequence = _model.CreateSequence();
        Forward(sequence, [1, 2]);
        sequence.Commit(2);
        Forward(sequence, [3, 4], [-1, -1]);
        Forward(sequence, [0, 1, 2], [1, 0, 2]);

        sequence.Rows.Logits(0).ToArray().Should().Equal(_model.Logits([1, 2, 4, 0]).ToArray());
        sequence.Rows.Logits(1).ToArray().Should().Equal(_model.Logits([1, 2, 3, 1]).ToArray());
        sequence.Rows.Logits(2).ToArray().Should().Equal(_model.Logits([1, 2, 4, 0, 2]).ToArray());

        sequence.Commit([1, 2, 4]);
        sequence.Tokens.ToArray().Should().Equal(1, 2, 4, 0, 2);
        Forward(sequence, [3]);
        sequence.Rows.Logits(0).ToArray().Should().Equal(_model.Logits([0, 2, 3]).ToArray());
    }

    [Fact]
    public void RewindForkAndDropForget()
    {
        var sequence = _model.CreateSequence();
        Forward(sequence, [1, 2, 3]);
        sequence.Commit(3);
        var copy = sequence.Fork(2);
        sequence.Rewind(1);
        Forward(sequence, [4]);
        sequence.Drop();
        Forward(sequence, [0]);
        Forward(copy, [4]);

        sequence.Rows.Logits(0).ToArray().Should().Equal(_model.Logits([1, 0]).ToArray());
        copy.Rows.Logits(0).ToArray().Should().Equal(_model.Logits([1, 2, 4]).ToArray());
    }

    public static TheoryData<string> Misuses() =>
        [
            "parent after child",
            "token out of range",
            "no tokens",
            "beyond the context",
            "same sequence twice",
            "other model",
            "commit of siblings",
            "commit of a tree as a chain",
            "commit from the middle",
            "stale rows",
            "row not wanted",
            "row out of range",
            "top-k beyond k",
            "rewind beyond",
            "disposed",
            "tree without tree",
            "hidden without hidden",
            "fork without fork",
            "rewind without rewind",
        ];

    [Theory]
    [MemberData(nameof(Misuses))]
    public void MisuseThrows(string misuse)
    {
        var act = () => Misuse(misuse);

        act.Should()
            .Throw<Exception>()
            .Which.Should()
            .NotBeOfType<NullReferenceException>()
            .And.NotBeOfType<IndexOutOfRangeException>();
    }

    private void Misuse(string misuse)
    {
        var plain = TableModel.Random(5, 2, seed: 0, capabilities: Capabilities.None);
        var sequence = misuse.Contains("without") ? plain.CreateSequence() : _model.CreateSequence();
        Forward(sequence, [1, 2], model: misuse.Contains("without") ? plain : _model);
        switch (misuse)
        {
            case "parent after child":
                Forward(sequence, [1, 2], [3, -1]);
                break;
            case "token out of range":
                Forward(sequence, [5]);
                break;
            case "no tokens":
                Forward(sequence, []);
                break;
            case "beyond the context":
                Forward(sequence, [0, 0, 0, 0, 0, 0, 0]);
                break;
            case "same sequence twice":
                var item = new ForwardItem { Sequence = sequence, Tokens = new[] { 1 } };
                _model.ForwardAsync(new[] { item, item }).AsTask().GetAwaiter().GetResult();
                break;
            case "other model":
                Forward(plain.CreateSequence(), [1], model: _model);
                break;
            case "commit of siblings":
                Forward(sequence, [1, 2], [-1, -1]);
                sequence.Commit([2, 3]);
                break;
            case "commit of a tree as a chain":
                Forward(sequence, [1, 2], [-1, -1]);
                sequence.Commit(3);
                break;
            case "commit from the middle":
                sequence.Commit([1]);
                break;
            case "stale rows":
                var rows = sequence.Rows;
                Forward(sequence, [1]);
                rows.Logits(0);
                break;
            case "row not wanted":
                Forward(sequence, [1, 2], wanted: new Wanted(Logits: RowSelection.Last));
                sequence.Rows.ArgMax(0);
                break;
            case "row out of range":
                sequence.Rows.Logits(2);
                break;
            case "top-k beyond k":
                Forward(sequence, [1], wanted: new Wanted(TopK: RowSelection.All, K: 2));
                sequence.Rows.TopK(0, new int[3], new float[3]);
                break;
            case "rewind beyond":
                sequence.Rewind(1);
                break;
            case "disposed":
                sequence.Dispose();
                sequence.Drop();
                break;
            case "tree without tree":
                Forward(sequence, [1, 2], [-1, -1], model: plain);
                break;
            case "hidden without hidden":
                Forward(sequence, [1], wanted: new Wanted(Hidden: RowSelection.All), model: plain);
                break;
            case "fork without fork":
                sequence.Fork(0);
                break;
            case "rewind without rewind":
                sequence.Rewind(0);
                break;
        }
    }

    private void Forward(ISequence sequence, int[] tokens, int[]? parents = null, Wanted? wanted = null, TableModel? model = null)
    {
        var item = new ForwardItem
        {
            Sequence = sequence,
            Tokens = tokens,
            Parents = parents,
            Wanted = wanted ?? new Wanted(Logits: RowSelection.All),
        };
        (model ?? _model).ForwardAsync(new[] { item }).AsTask().GetAwaiter().GetResult();
    }
}
