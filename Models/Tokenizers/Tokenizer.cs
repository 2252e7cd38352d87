using System.Text;
using Tokenwright.Models.Checkpoints.Gguf;

namespace Tokenwright.Models.Tokenizers;

/// <summary>
/// Text to token ids and back, as the model's own tokenizer does it: byte-level or SentencePiece-style byte-pair encoding.
/// </summary>
/// <remarks>
/// A file that asks for something this class would not do exactly is refused when loaded. Immutable; safe for concurrent use.
/// </remarks>
public sealed class Tokenizer : IVocabulary
{
    /// <summary>Stands inside the name of a special token that is meant as text; Unicode has set it aside for such uses.</summary>
    private const char Guard = '\uFDD0';

    private static readonly string[] Files = ["tokenizer.json", "tokenizer.model"];

    private readonly TokenTable _table;
    private readonly AddedTokens _rawTokens;
    private readonly AddedTokens _normalizedTokens;
    private readonly Dictionary<string, int> _found;
    private readonly Func<string, bool, string> _normalize;
    private readonly IReadOnlyList<IPreTokenizer> preTokenizers;
    private readonly IPieceEncoder _encoder;
    private readonly int[] _prefix;
    private readonly int[] _suffix;

    internal Tokenizer(TokenizerParts parts)
    {
        _table = parts.Table;
        _normalize = parts.Normalize;
        preTokenizers = parts.PreTokenizers;
        _encoder = parts.Encoder;
        _prefix = [.. parts.Prefix];
        _suffix = [.. parts.Suffix];
        DropsLeadingSpace = parts.DropsLeadingSpace;
        _rawTokens = new(parts.Added.Where(t => !t.Normalized), content => content);
        _normalizedTokens = new(parts.Added.Where(t => t.Normalized), parts.NormalizeToken);
        _found = new(StringComparer.Ordinal);
        foreach (var token in parts.Added)
            _found[token.Content] = token.Id;
    }

    /// <inheritdoc />
    public int Size => _table.Size;

    /// <summary>
    /// Whether one leading space is an artefact of encoding (SentencePiece's dummy prefix) and is left out where a text begins.
    /// </summary>
    public bool DropsLeadingSpace { get; }

    /// <summary>Loads a tokenizer.</summary>
    /// <param name="path">
    /// A folder holding <c>tokenizer.json</c>, else <c>tokenizer.model</c>, else one <c>*.tiktoken</c> file; or such a file. A
    /// <c>tokenizer_config.json</c> beside a file with one of the first two names is read too: its <c>add_bos_token</c> and
    /// <c>add_eos_token</c> overrule the file's template, and the tokens it declares special are special. A rank file is read
    /// by the encoding it is named after: <c>gpt2</c>, <c>cl100k_base</c> or <c>o200k_base</c>. Or a GGUF file, whose metadata
    /// hold a tokenizer.
    /// </param>
    /// <exception cref="Checkpoints.CheckpointException">The GGUF file is damaged.</exception>
    /// <exception cref="TokenizerException">The file is missing, damaged, or uses a component that is not supported.</exception>
    public static Tokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (GgufFile.Is(path))
        {
            using var gguf = new GgufFile(path);
            return GgufVocabulary.Read(gguf);
        }

        var file = Directory.Exists(path) ? Choose(path) : path;
        try
        {
            return Path.GetExtension(file) switch
            {
                ".json" => HuggingFaceFile.Load(file),
                ".model" => SentencePieceFile.Load(file),
                ".tiktoken" => TiktokenFile.Load(file, Path.GetFileNameWithoutExtension(file)),
                var other => throw new TokenizerException(
                    file,
                    $"unknown kind of file '{other}'; give a tokenizer.json, a tokenizer.model or a .tiktoken file."
                ),
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(file, $"cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The ids of a text.</summary>
    /// <param name="text">Any text; half a surrogate pair is read as U+FFFD.</param>
    /// <param name="allowSpecial">
    /// Whether special tokens spelled out in the text are recognised. False for text that must not steer the model. Added
    /// tokens that are not special are always recognised.
    /// </param>
    /// <param name="addSpecial">
    /// Whether the tokenizer's own template is applied (say, a beginning-of-sequence token in front). False where the text
    /// continues another or a chat template has written those tokens.
    /// </param>
    public IReadOnlyList<int> Encode(string text, bool allowSpecial = true, bool addSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(text.Length / 3 + 4);
        if (addSpecial)
            ids.AddRange(_prefix);
        Encode(text, allowSpecial, isGuarded: false, ids);
        if (addSpecial)
            ids.AddRange(_suffix);
        return ids;
    }

    /// <summary>The ids of a prompt that a template has made from texts protected by <see cref="Protect"/>: the template's own special
    /// tokens are recognised, those spelled out in the texts are text. Nothing is added.</summary>
    /// <param name="prompt">The prompt.</param>
    public IReadOnlyList<int> EncodeProtected(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var ids = new List<int>(prompt.Length / 3 + 4);
        Encode(prompt, allowSpecial: true, isGuarded: true, ids);
        return ids;
    }

    /// <summary>Marks every special token spelled out in a text, so that <see cref="EncodeProtected"/> takes it for text.</summary>
    /// <param name="text">What a person or a document says.</param>
    public string Protect(string text) => _rawTokens.Break(_normalizedTokens.Break(text, Guard), Guard);

    /// <summary>Loads the tokenizer of a checkpoint; null if it has none.</summary>
    /// <param name="path">A folder or a GGUF file.</param>
    internal static Tokenizer? In(string path) =>
        File.Exists(path) || Files.Any(file => File.Exists(Path.Combine(path, file))) ? Load(path) : null;

    /// <summary>Throws if there are more tokens than a model has.</summary>
    internal void CheckFits(int vocabularySize, string origin)
    {
        if (Size > vocabularySize)
        {
            throw new TokenizerException(
                origin,
                $"the tokenizer has {Size} tokens and the model {vocabularySize}. They do not belong together: take both from one checkpoint."
            );
        }
    }

    /// <summary>The text of a token sequence: the UTF-8 reading of all bytes, malformed ones as U+FFFD, without special tokens.</summary>
    /// <param name="ids">Token ids, from the beginning of a text. For a continuation use a <see cref="Detokenizer"/>.</param>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var detokenizer = new Detokenizer(this);
        return string.Concat(detokenizer.Append(ids).ToString(), detokenizer.Flush());
    }

    /// <inheritdoc />
    public ReadOnlySpan<byte> Bytes(int id) => _table.Bytes(id);

    /// <inheritdoc />
    public bool IsSpecial(int id) => _table.IsSpecial(id);

    /// <summary>A token as its vocabulary spells it, e.g. <c>Ġthe</c>, <c>▁the</c> or <c>&lt;|end|&gt;</c>; empty where there is none.</summary>
    /// <param name="id">A token id.</param>
    public string Literal(int id) => _table.Literal(id);

    /// <summary>How it encodes, in a word or two.</summary>
    public string Kind =>
        _encoder switch
        {
            MergeEncoder { IsByteLevel: true } => "byte-level BPE",
            MergeEncoder => "BPE",
            RankEncoder => "BPE by ranks",
            _ => "SentencePiece BPE",
        };

    /// <summary>The id of an added or special token, e.g. <c>&lt;|end|&gt;</c>; null if there is none of this name.</summary>
    /// <param name="specialToken">Its literal text.</param>
    public int? Find(string specialToken) => _found.TryGetValue(specialToken, out var id) ? id : null;

    private static string Choose(string folder)
    {
        foreach (var name in Files)
            if (File.Exists(Path.Combine(folder, name)))
                return Path.Combine(folder, name);
        return Directory.GetFiles(folder, "*.tiktoken") is [var only]
            ? only
            : throw new TokenizerException(
                folder,
                "the folder holds no tokenizer.json, no tokenizer.model and not one .tiktoken file."
            );
    }

    private void Encode(string text, bool allowSpecial, bool isGuarded, List<int> ids)
    {
        text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        foreach (var part in _rawTokens.Split(text, allowSpecial))
        {
            if (part.Token is { } token)
                ids.Add(token.Id);
            else
                EncodeNormalized(
                    _normalize(text[part.Start..part.End], part.Start == 0),
                    part.Start == 0,
                    allowSpecial,
                    isGuarded,
                    ids
                );
        }
    }

    private void EncodeNormalized(string text, bool first, bool allowSpecial, bool isGuarded, List<int> ids)
    {
        foreach (var part in _normalizedTokens.Split(text, allowSpecial))
        {
            if (part.Token is { } token)
            {
                ids.Add(token.Id);
                continue;
            }
            var stretch = text[part.Start..part.End];
            List<string> pieces = [isGuarded ? stretch.Replace(Guard.ToString(), "", StringComparison.Ordinal) : stretch];
            foreach (var step in preTokenizers)
            {
                var smaller = new List<string>(pieces.Count * 2);
                for (var i = 0; i < pieces.Count; i++)
                    step.Split(pieces[i], first && part.Start == 0 && i == 0, smaller);
                pieces = smaller;
            }
            foreach (var piece in pieces)
                _encoder.Encode(piece, ids);
        }
    }
}

/// <summary>What the readers of the file formats agree on.</summary>
internal sealed record TokenizerParts
{
    /// <summary>Every token, added ones included.</summary>
    public required TokenTable Table { get; init; }

    /// <summary>Tokens looked for in the text.</summary>
    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>Normalises a stretch between added tokens; the flag says whether it begins where the text begins.</summary>
    public required Func<string, bool, string> Normalize { get; init; }

    /// <summary>Brings the content of a token that is looked for in normalised text into the form it has there.</summary>
    public required Func<string, string> NormalizeToken { get; init; }

    /// <summary>Applied one after another.</summary>
    public required IReadOnlyList<IPreTokenizer> PreTokenizers { get; init; }

    /// <summary>Applied to each piece.</summary>
    public required IPieceEncoder Encoder { get; init; }

    /// <summary>Ids put before and after a whole text.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <inheritdoc cref="Prefix" />
    public IReadOnlyList<int> Suffix { get; init; } = [];

    /// <inheritdoc cref="Tokenizer.DropsLeadingSpace" />
    public bool DropsLeadingSpace { get; init; }
}
