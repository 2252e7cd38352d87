namespace Tokenwright.Plugins.JsonSchema;

/// <summary>The tokens of a model as bytes.</summary>
public interface IVocabulary
{
    /// <summary>How many ids there are, from 0 on; the length of a mask in bits.</summary>
    int Size { get; }

    /// <summary>The bytes of a token; empty when it stands for no text.</summary>
    ReadOnlySpan<byte> Bytes(int id);

    /// <summary>Whether a token is a control token, which never matches text.</summary>
    bool IsSpecial(int id);
}
