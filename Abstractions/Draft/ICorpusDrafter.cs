namespace Tokenwright;

/// <summary>A drafter that can start from a file made of a corpus: <c>tokenwright drafts build</c> makes that file.</summary>
public interface ICorpusDrafter : IDrafter
{
    /// <summary>The id of the option that takes the file.</summary>
    string FileOption { get; }

    /// <summary>Makes the file. The drafter need not be prepared.</summary>
    /// <param name="documents">Token ids of each document; read once, in order.</param>
    /// <param name="vocabularySize">Number of tokens of the vocabulary, V; ids lie in [0, V).</param>
    /// <param name="file">Where it goes. It appears whole or not at all.</param>
    /// <returns>What is in it, in a few words, for the user.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    string Build(IEnumerable<IReadOnlyList<int>> documents, int vocabularySize, string file);
}
