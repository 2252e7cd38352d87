using System.Text;
using System.Text.Json;

namespace Tokenwright.Models.Tokenizers;

/// <summary>Reads Hugging Face's tokenizer.json. What it cannot reproduce exactly it refuses by name.</summary>
internal static class HuggingFaceFile
{
    public static Tokenizer Load(string file)
    {
        var config = TokenizerConfig.Beside(file);
        return JsonFile.Read(file, root => Read(root, config, file));
    }

    private static Tokenizer Read(JsonElement root, TokenizerConfig config, string file)
    {
        var model = root.GetProperty("model");
        // Old files leave the type out; byte-pair encoding is the only one with merges.
        var type = model.Optional("type")?.GetString() ?? (model.Optional("merges") is null ? "without a type" : "BPE");
        if (type != "BPE")
            throw new NotSupportedException($"the model '{type}'");
        foreach (var name in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
            if (model.Optional(name)?.GetString() is { Length: > 0 } affix)
                throw new NotSupportedException($"the model's {name} '{affix}'");
        if (model.Optional("dropout") is { } dropout && dropout.GetDouble() != 0)
            throw new NotSupportedException("the model's dropout");

        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in model.GetProperty("vocab").EnumerateObject())
            vocabulary[entry.Name] = entry.Value.GetInt32();

        var preTokenizers = new List<IPreTokenizer>();
        var byteLevel = false;
        if (root.Optional("pre_tokenizer") is { } preTokenizer)
            byteLevel = AddPreTokenizer(preTokenizer, preTokenizers, false);

        var decoder = new TokenDecoder();
        decoder.Add(root.Optional("decoder") ?? throw new NotSupportedException("a file without decoder"));
        if (decoder.ByteLevel != byteLevel)
            throw new NotSupportedException("a ByteLevel decoder without a ByteLevel pre_tokenizer, or the reverse,");

        var added = ReadAddedTokens(root, config);
        var (prefix, suffix) = ReadTemplate(root, config, added);
        var normalize = root.Optional("normalizer") is { } normalizer ? ReadNormalizer(normalizer) : text => text;
        return new(
            new()
            {
                Table = ReadTable(vocabulary, added, decoder, file),
                Added = added,
                Normalize = (text, _) => normalize(text),
                NormalizeToken = normalize,
                PreTokenizers = preTokenizers,
                Encoder = ReadEncoder(model, vocabulary, byteLevel),
                Prefix = prefix,
                Suffix = suffix,
                DropsLeadingSpace = decoder.DropsLeadingSpace,
            }
        );
    }

    private static List<AddedToken> ReadAddedTokens(JsonElement root, TokenizerConfig config)
    {
        var added = new List<AddedToken>();
        if (root.Optional("added_tokens") is { } list)
            foreach (var element in list.EnumerateArray())
                added.Add(JsonFile.ReadAddedToken(element, element.GetProperty("id").GetInt32()));
        added.AddRange(config.Added.Where(token => !added.Exists(known => known.Id == token.Id)));
        return added.ConvertAll(token => token with { IsSpecial = token.IsSpecial || config.Special.Contains(token.Content) });
    }

    private static TokenTable ReadTable(
        Dictionary<string, int> vocabulary,
        List<AddedToken> added,
        TokenDecoder decoder,
        string file
    )
    {
        foreach (var token in added)
            if (vocabulary.TryGetValue(token.Content, out var id) && id != token.Id)
                throw new FormatException(
                    $"'{token.Content}' has the id {id} in the vocabulary and {token.Id} among the added tokens."
                );
        var tokens = new List<Token>(vocabulary.Count + added.Count);
        foreach (var (literal, own) in vocabulary)
            tokens.Add(new(own, literal, decoder.Read(literal), false));
        foreach (var token in added)
            tokens.Add(new(token.Id, token.Content, Encoding.UTF8.GetBytes(token.Content), token.IsSpecial));
        return new(tokens, file);
    }

    private static MergeEncoder ReadEncoder(JsonElement model, Dictionary<string, int> vocabulary, bool byteLevel)
    {
        var byteFallback = model.Flag("byte_fallback");
        var merges = new List<string>();
        foreach (var merge in model.GetProperty("merges").EnumerateArray())
        {
            // "a b", or ["a", "b"] since some vocabularies have tokens with spaces in them.
            var text =
                merge.ValueKind == JsonValueKind.String
                    ? merge.GetString()!
                    : string.Join(' ', merge.EnumerateArray().Select(part => part.GetString()));
            if (text.Count(c => c == ' ') != 1)
                throw new NotSupportedException($"the merge '{text}'");
            if (byteFallback && text.Contains("<0x", StringComparison.Ordinal))
                throw new NotSupportedException($"a merge of byte tokens, '{text}',");
            merges.Add(text);
        }

        int? unknown = null;
        if (model.Optional("unk_token")?.GetString() is { Length: > 0 } name)
            unknown = vocabulary.TryGetValue(name, out var id)
                ? id
                : throw new FormatException($"the vocabulary has no '{name}'.");
        return new(vocabulary, merges, byteLevel, model.Flag("ignore_merges"), byteFallback, unknown, model.Flag("fuse_unk"));
    }

    private static Func<string, string> ReadNormalizer(JsonElement element)
    {
        switch (element.Text("type"))
        {
            case "Sequence":
                var steps = element.GetProperty("normalizers").EnumerateArray().Select(ReadNormalizer).ToArray();
                return text => steps.Aggregate(text, (current, step) => step(current));
            case "NFC":
                return text => UnicodeForms.Normalize(text, NormalizationForm.FormC);
            case "NFD":
                return text => UnicodeForms.Normalize(text, NormalizationForm.FormD);
            case "NFKC":
                return text => UnicodeForms.Normalize(text, NormalizationForm.FormKC);
            case "NFKD":
                return text => UnicodeForms.Normalize(text, NormalizationForm.FormKD);
            case "Prepend":
                var front = element.Text("prepend");
                return text => text.Length == 0 ? text : front + text;
            case "Replace":
                var content = element.Text("content");
                if (element.GetProperty("pattern").Optional("String") is { } old)
                {
                    var literal = old.GetString()!;
                    return text => text.Replace(literal, content, StringComparison.Ordinal);
                }
                var pattern = SplitPattern.Parse(element.GetProperty("pattern").Text("Regex"));
                return text => Replace(text, pattern, content);
            case var other:
                throw new NotSupportedException($"the normalizer '{other}'");
        }
    }

    private static string Replace(string text, SplitPattern pattern, string content)
    {
        var result = new StringBuilder();
        var done = 0;
        foreach (var (start, end) in pattern.Matches(text))
        {
            result.Append(text, done, start - done).Append(content);
            done = end;
        }
        return result.Append(text, done, text.Length - done).ToString();
    }

    /// <returns>Whether pieces are spelled in the byte alphabet from here on.</returns>
    private static bool AddPreTokenizer(JsonElement element, List<IPreTokenizer> steps, bool byteLevel)
    {
        var type = element.Text("type");
        if (byteLevel)
            throw new NotSupportedException($"the pre_tokenizer '{type}' after ByteLevel");
        switch (type)
        {
            case "Sequence":
                foreach (var step in element.GetProperty("pretokenizers").EnumerateArray())
                    byteLevel = AddPreTokenizer(step, steps, byteLevel);
                return byteLevel;
            case "ByteLevel":
                if (element.Flag("add_prefix_space", otherwise: true))
                    steps.Add(new PrefixSpace());
                if (element.Flag("use_regex", otherwise: true))
                    steps.Add(new PatternSplit(SplitPattern.Parse(SplitPattern.Gpt2), SplitBehavior.Isolated));
                return true;
            case "Split":
                var pattern = element.GetProperty("pattern");
                var split = pattern.Optional("String") is { } literal
                    ? SplitPattern.Exactly(literal.GetString()!)
                    : SplitPattern.Parse(pattern.Text("Regex"));
                steps.Add(new PatternSplit(split, ReadBehavior(element.Text("behavior")), element.Flag("invert")));
                return false;
            case "Digits":
                var behavior = element.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
                steps.Add(new PatternSplit(SplitPattern.Parse(@"\p{N}"), behavior));
                return false;
            case "Metaspace":
                AddMetaspace(element, steps);
                return false;
            default:
                throw new NotSupportedException($"the pre_tokenizer '{type}'");
        }
    }

    private static SplitBehavior ReadBehavior(string name) =>
        Enum.TryParse<SplitBehavior>(name, out var behavior)
            ? behavior
            : throw new NotSupportedException($"the split behavior '{name}'");

    private static void AddMetaspace(JsonElement element, List<IPreTokenizer> steps)
    {
        var (mark, scheme) = ReadMetaspace(element);
        steps.Add(new Metaspace(mark, scheme));
        if (element.Flag("split", otherwise: true))
            steps.Add(new PatternSplit(SplitPattern.Exactly(mark.ToString()), SplitBehavior.MergedWithNext));
    }

    private static (char Mark, string Scheme) ReadMetaspace(JsonElement element)
    {
        var mark = element.Text("replacement");
        // Before there were schemes, add_prefix_space said "always" or "never".
        var scheme =
            element.Optional("prepend_scheme")?.GetString()
            ?? (element.Flag("add_prefix_space", otherwise: true) ? "always" : "never");
        if (mark.Length != 1 || scheme is not ("always" or "first" or "never"))
            throw new NotSupportedException($"Metaspace with replacement '{mark}' and prepend_scheme '{scheme}'");
        return (mark[0], scheme);
    }

    private static (List<int> Prefix, List<int> Suffix) ReadTemplate(
        JsonElement root,
        TokenizerConfig config,
        List<AddedToken> added
    )
    {
        var (prefix, suffix) = (new List<int>(), new List<int>());
        if (root.Optional("post_processor") is { } processor)
            AddTemplate(processor, prefix, suffix);
        Overrule(config.AddBegin, config.Begin, prefix, 0);
        Overrule(config.AddEnd, config.End, suffix, suffix.Count);
        return (prefix, suffix);

        void Overrule(bool? add, string? literal, List<int> ids, int at)
        {
            if (add is not { } wanted || added.Find(token => token.Content == literal) is not { } token)
                return;
            if (!wanted)
                ids.RemoveAll(id => id == token.Id);
            else if (!ids.Contains(token.Id))
                ids.Insert(at, token.Id);
        }
    }

    private static void AddTemplate(JsonElement element, List<int> prefix, List<int> suffix)
    {
        switch (element.Text("type"))
        {
            case "Sequence":
                foreach (var processor in element.GetProperty("processors").EnumerateArray())
                    AddTemplate(processor, prefix, suffix);
                break;
            case "ByteLevel": // moves offsets only
                break;
            case "TemplateProcessing":
                var ids = element.GetProperty("special_tokens");
                var target = prefix;
                foreach (var part in element.GetProperty("single").EnumerateArray())
                {
                    if (part.Optional("SpecialToken") is { } special)
                        target.AddRange(
                            ids.GetProperty(special.Text("id")).GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())
                        );
                    else
                        target = suffix;
                }
                break;
            case var other:
                throw new NotSupportedException($"the post_processor '{other}'");
        }
    }

    /// <summary>What the decoder section says about the bytes of a token.</summary>
    private sealed class TokenDecoder
    {
        private readonly List<(string Old, string New)> replacements = [];
        private bool byteFallback;

        public bool ByteLevel { get; private set; }

        public bool DropsLeadingSpace { get; private set; }

        public void Add(JsonElement element)
        {
            var type = element.Text("type");
            switch (type)
            {
                case "Sequence":
                    foreach (var decoder in element.GetProperty("decoders").EnumerateArray())
                        Add(decoder);
                    break;
                case "ByteLevel":
                    ByteLevel = true;
                    break;
                case "ByteFallback":
                    byteFallback = true;
                    break;
                case "Fuse": // tokens are put together in any case
                    break;
                case "Replace" when element.GetProperty("pattern").Optional("String") is { } old:
                    replacements.Add((old.GetString()!, element.Text("content")));
                    break;
                case "Metaspace":
                    var (mark, scheme) = ReadMetaspace(element);
                    replacements.Add((mark.ToString(), " "));
                    DropsLeadingSpace |= scheme != "never";
                    break;
                case "Strip" when element.Text("content") == " " && element.GetProperty("stop").GetInt32() == 0:
                    var start = element.GetProperty("start").GetInt32();
                    if (start > 1)
                        throw new NotSupportedException($"the decoder 'Strip' of {start} spaces");
                    DropsLeadingSpace |= start == 1;
                    break;
                default:
                    throw new NotSupportedException($"the decoder '{type}' with these settings");
            }
        }

        public byte[] Read(string literal)
        {
            if (ByteLevel)
                return Tokenizers.ByteLevel.Read(literal);
            if (byteFallback && ByteToken.TryRead(literal, out var b))
                return [b];
            foreach (var (old, replacement) in replacements)
                literal = literal.Replace(old, replacement, StringComparison.Ordinal);
            return Encoding.UTF8.GetBytes(literal);
        }
    }
}
