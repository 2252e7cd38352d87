namespace Tokenwright;

/// <summary>Watches the steps of a generation: trees, what was kept, what it cost.</summary>
public interface ITrace
{
    /// <summary>Called by the loop after a step was verified and learnt from. What it is given is valid during the call.</summary>
    /// <param name="generation">Gives the statistics so far, this step's times included.</param>
    /// <param name="step">The step.</param>
    void Record(Generation generation, in Observation step);
}
