using Tokenwright.Models.Chat;

namespace Tokenwright.Host;

/// <summary>A conversation with a model: its turns, kept within the context by forgetting the oldest.</summary>
/// <remarks>
/// What a question's prompt has in common with the text before it is not computed again. A conversation is for one caller at a time.
/// </remarks>
/// <param name="model">The model, which stays the caller's.</param>
public sealed class Conversation(LanguageModel model) : IDisposable
{
    private readonly SequenceStore _sequences = new();
    private readonly List<(string Question, string Answer)> _turns = [];
    private string _question = "";

    /// <summary>What the model is told before all turns; null for what the template says by itself.</summary>
    public string? System { get; set; }

    /// <summary>How many turns are remembered, a turn being a question and its answer.</summary>
    public int Turns => _turns.Count;

    /// <summary>Asks. The answer is remembered once it is kept (<see cref="Keep"/>).</summary>
    /// <param name="question">What the user says.</param>
    /// <param name="request">How to answer.</param>
    /// <param name="forgotten">
    /// How many of the oldest turns were dropped to leave room for an answer of <see cref="GenerationRequest.MaxTokens"/>, but at most a quarter
    /// of the context.
    /// </param>
    /// <returns>The answer, generated when it is enumerated.</returns>
    /// <exception cref="HostException">The model cannot chat, its template refuses the conversation, or the question alone is too long.</exception>
    public TextGeneration Ask(string question, GenerationRequest request, out int forgotten)
    {
        int context = model.Info.ContextLength;
        int most = context - Math.Min(request.MaxTokens, context / 4);
        int[] prompt = Prompt(question, skipped: 0);
        for (forgotten = 0; prompt.Length > most && forgotten < _turns.Count; )
        {
            prompt = Prompt(question, ++forgotten);
        }

        if (prompt.Length >= context)
        {
            throw new PlanException(
                $"The message alone makes {prompt.Length} tokens and the context of {model.Info.Name} holds {context}: at least one must be left for the answer. Shorten it."
            );
        }

        _turns.RemoveRange(0, forgotten);
        _question = question;
        return model.Generate(prompt, request, _sequences);
    }

    /// <summary>Remembers the last question and what there is of its answer.</summary>
    /// <param name="answer">The answer's text.</param>
    public void Keep(string answer) => _turns.Add((_question, answer));

    /// <summary>Forgets all turns.</summary>
    public void Reset() => _turns.Clear();

    /// <summary>Frees what was kept of the last text.</summary>
    public void Dispose() => _sequences.Dispose();

    private int[] Prompt(string question, int skipped)
    {
        List<ChatMessage> messages = System is null ? [] : [new("system", System)];
        foreach ((string asked, string answer) in _turns.Skip(skipped))
        {
            messages.Add(new("user", asked));
            messages.Add(new("assistant", answer));
        }

        messages.Add(new("user", question));
        return model.Encode(messages);
    }
}
