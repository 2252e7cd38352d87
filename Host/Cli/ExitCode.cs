namespace Tokenwright.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>It began and failed.</summary>
    public const int Failed = 1;

    /// <summary>It was refused before it began: an argument, an option, a file, a plugin.</summary>
    public const int BadInput = 2;

    /// <summary>The user cancelled; what there was has been written.</summary>
    public const int Cancelled = 130;
}
