using System.Globalization;

namespace Tokenwright.Plugins.Standard;

/// <summary>Adds a fixed amount to the logits of named tokens.</summary>
[LogitsProcessor("logit-bias", "Makes named tokens more or less likely.")]
public sealed class LogitBias : ILogitsProcessor
{
    private int[] _tokens = [];
    private float[] _amounts = [];

    /// <summary>Entries "token:amount"; amounts are nats between −100 and 100.</summary>
    [Option("logit-bias", "Adds to the logits of tokens, as in 12:-5,40:100 (token:amount, -100 to 100); empty is off.")]
    public IReadOnlyList<string> Bias { get; set; } = [];

    /// <inheritdoc/>
    public ShapeStage Stage => ShapeStage.Penalty;

    /// <inheritdoc/>
    public bool IsActive => Bias.Count > 0;

    /// <inheritdoc/>
    public bool ChangesArgMax => true;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">An entry is not "token:amount", out of range, or names a token twice.</exception>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        int vocabulary = context.Target.Info.VocabularySize;
        _tokens = new int[Bias.Count];
        _amounts = new float[Bias.Count];
        for (int i = 0; i < Bias.Count; i++)
        {
            (_tokens[i], _amounts[i]) = Parse(Bias[i], vocabulary);
            if (_tokens.AsSpan(0, i).Contains(_tokens[i]))
            {
                throw new InvalidOperationException($"logit-bias names token {_tokens[i]} twice; give each token one amount.");
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        var logits = row.ChangeDense();
        for (int i = 0; i < _tokens.Length; i++)
        {
            logits[_tokens[i]] += _amounts[i];
        }
    }

    private static (int Token, float Amount) Parse(string entry, int vocabulary)
    {
        int colon = entry.IndexOf(':', StringComparison.Ordinal);
        if (
            colon < 0
            || !int.TryParse(entry.AsSpan(0, colon), NumberStyles.Integer, CultureInfo.InvariantCulture, out int token)
            || !float.TryParse(entry.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out float amount)
        )
        {
            throw new InvalidOperationException($"logit-bias has the entry \"{entry}\"; write token:amount, as in 12:-5,40:100.");
        }

        if ((uint)token >= (uint)vocabulary)
        {
            throw new InvalidOperationException($"logit-bias names token {token}; the model has ids 0 to {vocabulary - 1}.");
        }

        if (!(Math.Abs(amount) <= 100))
        {
            throw new InvalidOperationException(
                $"logit-bias gives token {token} the amount {entry[(colon + 1)..]}; it must lie between -100 and 100."
            );
        }

        return (token, amount);
    }
}
