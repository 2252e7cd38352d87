namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>
/// The pool that schemas share, so that the same patterns, formats and lengths have the same automata and masks in all of them.
/// When it has grown large a fresh one takes its place; schemas keep the one they were compiled with.
/// </summary>
internal static class SharedLanguages
{
    public const int NodesPerSchema = 200_000;
    private const int RenewAt = 400_000;
    private static readonly Lock Renewal = new();
    private static (LanguagePool Pool, StringDfa Strings) _current = Create();

    public static (LanguagePool Pool, StringDfa Strings) Current
    {
        get
        {
            lock (Renewal)
            {
                if (_current.Pool.Count > RenewAt || _current.Strings.StateCount > 20_000)
                    _current = Create();
                return _current;
            }
        }
    }

    private static (LanguagePool, StringDfa) Create()
    {
        var pool = new LanguagePool();
        return (pool, new StringDfa(pool, true));
    }
}
