namespace Tokenwright.Mutants;

/// <summary>Names a clause that a mutant breaks.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false, AllowMultiple = true)]
public sealed class CaughtByAttribute(string clause) : Attribute
{
    /// <summary>The clause's id.</summary>
    public string Clause { get; } = clause;
}

/// <summary>Marks what mutants are made from: it breaks nothing.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SoundAttribute : Attribute;
