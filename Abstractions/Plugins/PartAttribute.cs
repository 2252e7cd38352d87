using System.Composition;

namespace Tokenwright;

/// <summary>Exports a class as a part, with the id that users type. It is read without running any code of the plugin.</summary>
/// <remarks>The id is the contract name of the export, beside the seam's interface as its type.</remarks>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public abstract class PartAttribute : ExportAttribute
{
    /// <param name="contract">The seam's interface.</param>
    /// <param name="id">Lower-case words joined by hyphens; unique per seam.</param>
    /// <param name="summary">One sentence for lists.</param>
    protected PartAttribute(Type contract, string id, string summary)
        : base(id, contract)
    {
        Id = id;
        Summary = summary;
    }

    /// <summary>The id that users type.</summary>
    public string Id { get; }

    /// <summary>One sentence for lists.</summary>
    public string Summary { get; }
}

/// <summary>Exports an <see cref="IDecodingMethod"/>.</summary>
public sealed class DecodingMethodAttribute(string id, string summary) : PartAttribute(typeof(IDecodingMethod), id, summary)
{
    /// <summary>Which promises of losslessness the method makes; the conformance suite holds it to them.</summary>
    public Lossless Lossless { get; set; }
}

/// <summary>Exports an <see cref="ITargetDecorator"/>.</summary>
public sealed class TargetDecoratorAttribute(string id, string summary) : PartAttribute(typeof(ITargetDecorator), id, summary);

/// <summary>Exports an <see cref="ILogitsProcessor"/>.</summary>
public sealed class LogitsProcessorAttribute(string id, string summary) : PartAttribute(typeof(ILogitsProcessor), id, summary);

/// <summary>Exports an <see cref="ITokenConstraint"/>.</summary>
public sealed class TokenConstraintAttribute(string id, string summary) : PartAttribute(typeof(ITokenConstraint), id, summary);

/// <summary>Exports an <see cref="IDrafter"/>.</summary>
public sealed class DrafterAttribute(string id, string summary) : PartAttribute(typeof(IDrafter), id, summary);

/// <summary>Exports an <see cref="IVerifier"/>.</summary>
public sealed class VerifierAttribute(string id, string summary) : PartAttribute(typeof(IVerifier), id, summary)
{
    /// <summary>Which promises of losslessness the acceptance rule keeps for every drafter it accepts.</summary>
    public Lossless Lossless { get; set; }
}

/// <summary>Exports an <see cref="IDecodingLoop"/>.</summary>
public sealed class DecodingLoopAttribute(string id, string summary) : PartAttribute(typeof(IDecodingLoop), id, summary);
