namespace Tokenwright.Plugins.JsonSchema.Masks;

internal sealed class MaskCache { }
