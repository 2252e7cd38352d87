namespace Tokenwright.Conformance;

/// <summary>A part broke a rule of the contracts in a way that a law alone might not show.</summary>
public sealed class ContractViolationException(string message) : Exception(message);
