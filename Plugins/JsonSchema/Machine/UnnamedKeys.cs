using System.Text;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>What an object says about keys that no property names: which there may be, and what their values must satisfy.</summary>
internal sealed class UnnamedKeys
{
    private readonly Canonicalizer _canonicalizer;
    private readonly (Language Keys, Expression Value)[] _cells;

    /// <param name="canonicalizer">Where languages and expressions come from.</param>
    /// <param name="layers">The rules for keys by pattern.</param>
    /// <param name="names">The named keys, which these rules are not for.</param>
    public UnnamedKeys(Canonicalizer canonicalizer, Layer[] layers, string[] names)
    {
        _canonicalizer = canonicalizer;
        var pool = canonicalizer.Pool;
        if (layers.All(l => l.Patterns.Length == 0))
        {
            var value = canonicalizer.ValueFor(layers, "");
            _cells = [(pool.All, value)];
            Language = canonicalizer.IsInhabited(value) ? pool.All : pool.None;
        }
        else
        {
            var all = canonicalizer.Cells(layers, names);
            _cells = [.. all.Where(c => canonicalizer.IsInhabited(c.Value))];
            var nothingLeftOut =
                _cells.Length > 1
                && _cells.Length == all.Count
                && layers.All(l => l.Additional != canonicalizer.False && l.Patterns.All(p => p.Value != canonicalizer.False));
            Language = nothingLeftOut ? pool.All : pool.Or(_cells.Select(c => c.Keys));
        }
        Exist = pool.Alive(Language);
        IsRich = LanguagePool.IsRich(Language);
    }

    /// <summary>The keys there may be.</summary>
    public Language Language { get; }

    /// <summary>Whether there may be any.</summary>
    public bool Exist { get; }

    /// <summary>Whether they stay infinitely many whatever has been typed.</summary>
    public bool IsRich { get; }

    /// <summary>Whether there are finitely many, so that what comes after one depends on which it was.</summary>
    public bool CanRunOut => !IsRich && LanguagePool.IsFinite(Language);

    /// <summary>Whether every one of them leads to the same rule.</summary>
    public bool HaveOneRule => _cells.Length <= 1;

    /// <summary>Whether at least so many are left, some having been used.</summary>
    public bool HasRoom(int missing, KeyList? used)
    {
        if (!Exist)
            return missing <= 0;
        if (!CanRunOut)
            return true;
        for (var list = used; list is not null; list = list.Next)
            missing++;
        return _canonicalizer.CountStrings(Language, missing) >= missing;
    }

    /// <summary>Those that may still come: where keys can run out, used ones are taken out, so that no prefix leads nowhere.</summary>
    public Language Without(KeyList? used)
    {
        if (IsRich || used is null)
            return Language;
        var keys = new List<string>();
        for (var list = used; list is not null; list = list.Next)
            keys.Add(Encoding.UTF8.GetString(list.Key));
        return _canonicalizer.Pool.And(Language, _canonicalizer.Pool.Not(_canonicalizer.Pool.OneOf(keys)));
    }

    /// <summary>What the value of a key must satisfy; the key is one of the language.</summary>
    public Expression Value(byte[] key)
    {
        if (_cells.Length == 1)
            return _cells[0].Value;
        var text = Encoding.UTF8.GetString(key);
        foreach (var (keys, value) in _cells)
        {
            if (_canonicalizer.Pool.Matches(keys, text))
                return value;
        }
        return _canonicalizer.False;
    }

    /// <summary>Whether some key could show that something demanded exists.</summary>
    public bool CanMeet(Existence demand) =>
        Array.Exists(
            _cells,
            c =>
                _canonicalizer.Pool.Alive(_canonicalizer.Pool.And(c.Keys, demand.Keys))
                && _canonicalizer.IsInhabited(_canonicalizer.And(c.Value, demand.Value))
        );
}
