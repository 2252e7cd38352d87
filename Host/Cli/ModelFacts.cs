using System.Globalization;
using System.Text.Json.Serialization;
using Spectre.Console;
using Tokenwright.Models;
using Tokenwright.Models.Builder;
using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Imports;
using Tokenwright.Models.Tokenizers;

namespace Tokenwright.Cli;

/// <summary>One line of <c>models list</c>.</summary>
internal sealed record ModelRow(
    string Name,
    string Architecture,
    int Layers,
    int HiddenSize,
    int VocabularySize,
    int ContextLength,
    string Precision
)
{
    /// <summary>Reads a model's configuration; one that cannot be read is warned of and left out.</summary>
    public static ModelRow? TryRead(string name, string folder)
    {
        try
        {
            if (ImportedModel.Open(folder)?.Graph.Manifest is { } m)
            {
                return new ModelRow(
                    name,
                    m.Architecture,
                    m.Layers,
                    m.HiddenSize,
                    m.VocabularySize,
                    m.ContextLength,
                    Cli.Precision.Word(m.Options.Precision)
                );
            }

            // An embedded model's graph has the precision that a command asks for.
            var config = CheckpointConfig.Load(Path.Combine(folder, "config.json"));
            return new ModelRow(
                name,
                config.Architecture,
                config.Layers,
                config.HiddenSize,
                config.VocabularySize,
                config.ContextLength,
                Cli.Precision.Word(default)
            );
        }
        catch (CheckpointException error)
        {
            Talk.Warning(error.Message);
            return null;
        }
    }
}

/// <summary>What <c>models inspect</c> shows.</summary>
internal sealed record ModelFacts(
    string Name,
    string Architecture,
    int Layers,
    int Heads,
    int KeyValueHeads,
    int HeadSize,
    int HiddenSize,
    int VocabularySize,
    int ContextLength,
    long? Parameters,
    string Precision,
    [property: JsonIgnore] string Stored,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RoundingSummary? Rounding,
    IReadOnlyList<int> EndTokens,
    bool HasTokenizer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TokenizerFacts? Tokenizer,
    bool HasChatTemplate,
    string Graph,
    long WeightBytes,
    long BytesOnDisk,
    IReadOnlyList<CapabilityFact> Capabilities,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ProfileFacts? Profile
)
{
    public static async ValueTask<ModelFacts> ReadAsync(LanguageModel model, bool withProfile, CancellationToken cancellation)
    {
        var graph = model.Model.Graph;
        var m = graph.Manifest;
        ProfileFacts? profile = null;
        if (withProfile)
        {
            var measured = await model.ProfileAsync(cancellation).ConfigureAwait(false);
            profile = new ProfileFacts(measured.Pasts, measured.Rows, measured.Table);
        }

        return new ModelFacts(
            model.Model.Info.Name,
            m.Architecture,
            m.Layers,
            m.Heads,
            m.KeyValueHeads,
            m.HeadSize,
            m.HiddenSize,
            m.VocabularySize,
            m.ContextLength,
            m.Parameters,
            Cli.Precision.Word(m.Options.Precision),
            Cli.Precision.Describe(m),
            m.Rounding,
            model.Model.Info.EndTokens,
            model.Tokenizer is not null,
            model.Tokenizer is null ? null : TokenizerFacts.Of(model.Tokenizer),
            model.Chat is not null,
            graph.Folder,
            m.WeightBytes,
            graph.Bytes,
            [
                .. Enum.GetValues<Capabilities>()
                    .Where(c => c != Tokenwright.Capabilities.None)
                    .Select(c => CapabilityFact.Of(model.Model, c)),
            ],
            profile
        );
    }

    public void Write()
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        Row("name", Name);
        Row("architecture", Architecture);
        Row("layers · hidden", $"{Layers} · {Data.Number(HiddenSize)}");
        Row("heads · key/value heads · head size", $"{Heads} · {KeyValueHeads} · {HeadSize}");
        Row("vocabulary · context", $"{Data.Number(VocabularySize)} · {Data.Number(ContextLength)}");
        Row("parameters", Parameters is { } count ? Data.Number(count) : "not counted");
        Row("precision · on disk", $"{Stored} · {Data.Bytes(BytesOnDisk)}");
        Row("tokenizer", Tokenizer is null ? "none: prompts are ids" : $"{Tokenizer.Kind}, {Data.Number(Tokenizer.Size)} tokens");
        Row("chat template", HasChatTemplate ? "yes" : "none: it continues texts");
        Row("end tokens", string.Join(", ", EndTokens.Select(Token)));
        if (Tokenizer is { SpecialTokens: var special })
        {
            const int Shown = 12;
            string more = special.Count > Shown ? $" and {special.Count - Shown} more" : "";
            Row("special tokens", string.Join(", ", special.Take(Shown).Select(one => $"{one.Id} {one.Text}")) + more);
        }

        Row("graph", Graph);
        foreach (var capability in Capabilities)
        {
            Row(capability.Name, capability.Offered ? "yes" : $"no: {capability.WhyNot}");
        }

        Data.Console.Write(table);
        Profile?.Write();

        void Row(string name, string value) => table.AddRow(Markup.Escape(name), Markup.Escape(value));
        string Token(int id) => $"{id} {Tokenizer?.SpecialTokens.FirstOrDefault(one => one.Id == id)?.Text}".TrimEnd();
    }
}

/// <summary>A model's tokenizer.</summary>
internal sealed record TokenizerFacts(string Kind, int Size, IReadOnlyList<SpecialToken> SpecialTokens)
{
    public static TokenizerFacts Of(Tokenizer tokenizer) =>
        new(
            tokenizer.Kind,
            tokenizer.Size,
            [
                .. Enumerable
                    .Range(0, tokenizer.Size)
                    .Where(id => tokenizer.IsSpecial(id) && tokenizer.Literal(id).Length > 0)
                    .Select(id => new SpecialToken(id, tokenizer.Literal(id))),
            ]
        );
}

/// <summary>A token that steers and adds nothing to the text.</summary>
internal sealed record SpecialToken(int Id, string Text);

/// <summary>One capability of a model, and why it is missing.</summary>
internal sealed record CapabilityFact(
    string Name,
    bool Offered,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? WhyNot
)
{
    public static CapabilityFact Of(ICausalModel model, Capabilities capability)
    {
        bool offered = model.Capabilities.HasFlag(capability);
        string name = capability == Capabilities.HiddenStates ? "hidden states" : capability.ToString().ToLowerInvariant();
        return new CapabilityFact(name, offered, offered ? null : model.Explain(capability));
    }
}

/// <summary>Milliseconds of one forward, by rows in the past and rows fed.</summary>
internal sealed record ProfileFacts(
    IReadOnlyList<int> Pasts,
    IReadOnlyList<int> Rows,
    IReadOnlyList<IReadOnlyList<double>> Milliseconds
)
{
    public void Write()
    {
        var table = new Table().Border(TableBorder.Rounded).Title("milliseconds of one forward").AddColumn("past");
        foreach (int rows in Rows)
        {
            table.AddColumn(rows == 1 ? "1 row" : $"{rows} rows");
        }

        for (int i = 0; i < Pasts.Count; i++)
        {
            table.AddRow([
                Data.Number(Pasts[i]),
                .. Milliseconds[i].Select(t => t.ToString("0.000", CultureInfo.InvariantCulture)),
            ]);
        }

        Data.Console.Write(table);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NewLine = "\n", WriteIndented = true)]
[JsonSerializable(typeof(ModelRow[]))]
[JsonSerializable(typeof(ModelFacts))]
internal sealed partial class ModelsJson : JsonSerializerContext;
