using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Models.Builder.Architectures;

/// <summary>
/// Llama 1 to 3 and its relatives, Mistral without a window among them: pre-norm layers of grouped-query attention with rotary
/// positions and a SiLU-gated MLP.
/// </summary>
public sealed class Llama : Architecture
{
    /// <inheritdoc />
    public override IReadOnlyList<string> ModelClasses { get; } = ["LlamaForCausalLM", "MistralForCausalLM"];

    /// <inheritdoc />
    public override void Build(DecoderGraph decoder)
    {
        CheckpointConfig config = decoder.Config;
        if (config.Text("hidden_act", "silu") is not "silu" and var activation)
        {
            throw config.Fault(
                $"'hidden_act' is '{activation}'; {config.Architecture} is built with silu only",
                "Use another checkpoint."
            );
        }

        if (
            config.Has("sliding_window")
            && config.WholeNumber("sliding_window", 1, int.MaxValue) is var window
            && window < decoder.ContextLength
        )
        {
            throw config.Fault(
                $"'sliding_window' is {window}, shorter than the context of {decoder.ContextLength}; sliding windows are not supported",
                $"Build with a context length of at most {window}."
            );
        }

        bool attentionBias = config.Flag("attention_bias", false);
        bool mlpBias = config.Flag("mlp_bias", false);
        OnnxValue stream = decoder.Embed("model.embed_tokens.weight");
        OnnxValue update = default;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            (OnnxValue normed, stream) = decoder.AddNorm(stream, update, prefix + "input_layernorm.weight");
            OnnxValue mixed = decoder.Attention(layer, decoder.PackedQkv(normed, prefix + "self_attn.", attentionBias));
            update = decoder.AttentionOutput(mixed, prefix + "self_attn.o_proj", attentionBias);
            (normed, stream) = decoder.AddNorm(stream, update, prefix + "post_attention_layernorm.weight");
            update = decoder.GatedMlp(normed, prefix + "mlp.", config.IntermediateSize, mlpBias);
        }

        string head = config.TiesEmbeddings ?? false ? "model.embed_tokens.weight" : "lm_head.weight";
        decoder.Logits(stream, update, "model.norm.weight", head);
    }
}
