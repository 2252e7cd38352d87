using System.Composition;

namespace Tokenwright;

/// <summary>Exports a class as a part, with the id that users type. Metadata is read without running any code of the plugin.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public abstract class PartAttribute : ExportAttribute
{
    /// <param name="contract">The seam's interface.</param>
    protected PartAttribute(Type contract)
        : base(contract) { }

    /// <summary>The id that users type: lower-case words joined by hyphens; unique per seam.</summary>
    /// <remarks>Overridden in each attribute, because System.Composition reads as metadata only what an attribute declares itself.</remarks>
    public abstract string Id { get; }

    /// <summary>One sentence for lists.</summary>
    public abstract string Summary { get; }
}

/// <summary>Exports an <see cref="IDecodingMethod"/>.</summary>
[MetadataAttribute]
public sealed class DecodingMethodAttribute(string id, string summary) : PartAttribute(typeof(IDecodingMethod))
{
    /// <inheritdoc/>
    public override string Id { get; } = id;

    /// <inheritdoc/>
    public override string Summary { get; } = summary;

    /// <summary>Which promises of losslessness the method makes; the conformance suite holds it to them.</summary>
    public Lossless Lossless { get; set; }
}

/// <summary>Exports an <see cref="ITargetDecorator"/>.</summary>
[MetadataAttribute]
public sealed class TargetDecoratorAttribute(string id, string summary) : PartAttribute(typeof(ITargetDecorator))
{
    /// <inheritdoc/>
    public override string Id { get; } = id;

    /// <inheritdoc/>
    public override string Summary { get; } = summary;
}

/// <summary>Exports an <see cref="ILogitsProcessor"/>.</summary>
[MetadataAttribute]
public sealed class LogitsProcessorAttribute(string id, string summary) : PartAttribute(typeof(ILogitsProcessor))
{
    /// <inheritdoc/>
    public override string Id { get; } = id;

    /// <inheritdoc/>
    public override string Summary { get; } = summary;
}

/// <summary>Exports an <see cref="ITokenConstraint"/>.</summary>
[MetadataAttribute]
public sealed class TokenConstraintAttribute(string id, string summary) : PartAttribute(typeof(ITokenConstraint))
{
    /// <inheritdoc/>
    public override string Id { get; } = id;

    /// <inheritdoc/>
    public override string Summary { get; } = summary;
}

/// <summary>Exports an <see cref="IDrafter"/>.</summary>
[MetadataAttribute]
public sealed class DrafterAttribute(string id, string summary) : PartAttribute(typeof(IDrafter))
{
    /// <inheritdoc/>
    public override string Id { get; } = id;

    /// <inheritdoc/>
    public override string Summary { get; } = summary;
}

/// <summary>Exports an <see cref="IVerifier"/>.</summary>
[MetadataAttribute]
public sealed class VerifierAttribute(string id, string summary) : PartAttribute(typeof(IVerifier))
{
    /// <inheritdoc/>
    public override string Id { get; } = id;

    /// <inheritdoc/>
    public override string Summary { get; } = summary;

    /// <summary>Which promises of losslessness the acceptance rule keeps for every drafter it accepts.</summary>
    public Lossless Lossless { get; set; }
}

/// <summary>Exports an <see cref="IDecodingLoop"/>.</summary>
[MetadataAttribute]
public sealed class DecodingLoopAttribute(string id, string summary) : PartAttribute(typeof(IDecodingLoop))
{
    /// <inheritdoc/>
    public override string Id { get; } = id;

    /// <inheritdoc/>
    public override string Summary { get; } = summary;
}
