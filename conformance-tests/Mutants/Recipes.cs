namespace Tokenwright.Mutants;

/// <summary>Echo under naive agree.</summary>
[Sound]
[DecodingMethod("naive-method", "Echo under agree.", Lossless = Lossless.Seed)]
public class NaiveMethod : IDecodingMethod
{
    public virtual Recipe Recipe => new() { Drafter = "echo" };
}

// Names a verifier that nobody has.
[CaughtBy("MET-001")]
[DecodingMethod("names-nobody", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class NamesNobody : NaiveMethod
{
    public override Recipe Recipe => new() { Drafter = "echo", Verifier = "nobody" };
}

// A drawn draft under a rule that does not accept it.
[CaughtBy("MET-001")]
[DecodingMethod("does-not-fit", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class DoesNotFit : NaiveMethod
{
    public override Recipe Recipe => new() { Drafter = "echo", Verifier = "token" };
}

// Declares more than its rule keeps.
[CaughtBy("MET-010")]
[CaughtBy("MET-020")]
[CaughtBy("MET-030")]
[DecodingMethod("claims-too-much", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class ClaimsTooMuch : NaiveMethod
{
    public override Recipe Recipe => new() { Drafter = "echo", Verifier = "keeps-all" };
}

// Its rule keeps a buffer that all texts share.
[CaughtBy("MET-040")]
[DecodingMethod("shares-a-buffer", "Wrong on purpose.", Lossless = Lossless.Yes)]
public sealed class RunsOnASharedBuffer : NaiveMethod
{
    public override Recipe Recipe => new() { Drafter = "drawn", Verifier = "shares-a-buffer" };
}

// The law is right, the text of a seed is not.
[CaughtBy("MET-011")]
[DecodingMethod("claims-the-seed", "Wrong on purpose.", Lossless = Lossless.Seed)]
public sealed class ClaimsTheSeed : NaiveMethod
{
    public override Recipe Recipe => new() { Drafter = "drawn", Verifier = "token" };
}
