using System.Text;
using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Regular;
using Thread = Tokenwright.Plugins.JsonSchema.Machine.Thread;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <content>Walks keys: named ones beside the vocabulary, all others by their automaton, but for the exceptions among these.</content>
internal sealed partial class MaskWalk
{
    private void WalkKey(Trie trie, int node, in Thread thread)
    {
        var key = (KeyState)thread.Detail!;
        var frame = (ObjectFrame)thread.Top!;
        var members = frame.Members;
        var found = _tokens.Count;
        if (key.Escape.Length > 0 || trie.After[node] - node <= SmallSubtree)
        {
            Plain(trie, node, thread);
            return;
        }
        if (thread.State == ByteDfa.Dead)
        {
            WalkNames(trie, node, thread, key.Low, key.High, key.Text.Length);
            return;
        }
        var strings = automaton.Keys;
        var lexeme = Lexeme(trie, node, strings, strings.Canonical(thread.State, tables.Trie.LongestToken));
        Share(lexeme.Inside);
        // A thread whose lexeme automaton sees only unnamed keys: names may be legal where those are not.
        if (!members.UnnamedIsAll)
            WalkNames(trie, node, thread, key.Low, key.High, key.Text.Length);
        var special = Exceptions(trie, node, key, frame);
        if (!members.UnnamedIsUniform || thread.Text is not null || !strings.IsBetweenCharacters(thread.State))
        {
            var hasDemands = members.HasDemands;
            if (special.Count == 0 && !hasDemands)
                Share(lexeme.CleanClosing);
            else if (!hasDemands)
                AddSet(lexeme.CleanClosing);
            foreach (var end in special)
                Remove(trie.TokensBelow(end), found);
            foreach (var end in hasDemands ? lexeme.Closings : lexeme.Ends)
            {
                if (hasDemands || trie.HasChild(end, LexemeMask.KeyFollowers) || lexeme.Escaped.Contains(end))
                {
                    Remove(trie.TokensBelow(end), found);
                    Replay(trie, node, end, thread);
                }
            }
            foreach (var end in special)
                Replay(trie, node, end, thread);
            return;
        }
        var values = Rent();
        foreach (var (next, value) in members.WithUnnamed)
            values.Add(new(Phase.Colon, 0, 0, value, frame.With(next), null));
        // After an escape the key may be one that is named or used, if such a one is ever spelled with an escape.
        var isClean = key.Low < key.High && members.Rules.HasEscapableNames || members.Extra is { IsEscapable: true };
        var closing = isClean ? lexeme.CleanClosing : lexeme.Closing;
        if (special.Count == 0)
            Share(closing);
        else
            AddSet(closing);
        var crossing = isClean ? lexeme.CleanKeyCrossing : lexeme.KeyCrossing;
        var kept = _keepsOwn;
        _keepsOwn |= special.Count > 0 || isClean && lexeme.Escaped.Length > 0;
        for (var i = 0; i < values.Count; i++)
            Walk(crossing, 0, values[i]);
        _keepsOwn = kept;
        Return(values);
        foreach (var end in special)
            Remove(trie.TokensBelow(end), found);
        foreach (var end in special)
            Replay(trie, node, end, thread);
        if (isClean)
        {
            foreach (var end in lexeme.Escaped)
            {
                Remove(trie.TokensBelow(end), found);
                Replay(trie, node, end, thread);
            }
        }
        foreach (var at in lexeme.SecondKeys)
            Replay(trie, node, at, thread);
    }

    private static readonly List<int> NoExceptions = [];

    /// <summary>Nodes at which a key closes that is named or used already: rules of their own.</summary>
    private static List<int> Exceptions(Trie trie, int node, KeyState key, ObjectFrame frame)
    {
        var members = frame.Members;
        var result = members.Extra is null && frame.Taken is null && key.Low == key.High ? NoExceptions : [];
        var depth = key.Text.Length;
        for (var i = key.Low; i < key.High; i++)
            Follow(members.Rules.Names[i].AsSpan(depth));
        for (var list = members.Extra; list is not null; list = list.Next)
        {
            if (list.Key.AsSpan().StartsWith(key.Text))
                Follow(list.Key.AsSpan(depth));
        }
        if (frame.Taken is not null)
        {
            foreach (var taken in frame.TakenKeys)
            {
                var text = Encoding.UTF8.GetBytes(taken);
                if (text.AsSpan().StartsWith(key.Text))
                    Follow(text.AsSpan(depth));
            }
        }
        return result;

        void Follow(ReadOnlySpan<byte> rest)
        {
            if (FindClosing(trie, node, rest) is var end and >= 0)
                result.Add(end);
        }
    }

    /// <summary>Follows the names that may still come, and the vocabulary, side by side.</summary>
    private void WalkNames(Trie trie, int node, in Thread thread, int low, int high, int depth)
    {
        var frame = (ObjectFrame)thread.Top!;
        var names = frame.Members.Rules.Names;
        if (trie.After[node] == node + 1)
            return;
        var escape = low < high && frame.Members.Rules.HasEscapableNames ? trie.Child(node, (byte)'\\') : -1;
        if (escape >= 0)
            Enter(
                trie,
                escape,
                (byte)'\\',
                thread with
                {
                    Detail = new KeyState(low, high, names[low], depth, []),
                    State = ByteDfa.Dead,
                }
            );
        if (low < high && names[low].Length == depth)
        {
            var close = frame.CanAdd(low) ? trie.Child(node, (byte)'"') : -1;
            if (close >= 0)
                WalkValues(trie, close, thread, frame, low);
            low++;
        }
        while (low < high)
        {
            var value = names[low][depth];
            var end = low + 1;
            while (end < high && names[end][depth] == value)
                end++;
            if (value >= 0x20 && value is not ((byte)'"' or (byte)'\\'))
            {
                var child = trie.Child(node, value);
                if (child >= 0 && frame.CanAddOf(low, end))
                {
                    Add(trie.Tokens(child));
                    WalkNames(trie, child, thread with { Text = thread.Text?.With(value) }, low, end, depth + 1);
                }
            }
            low = end;
        }
    }

    /// <summary>Reads the quote after a name, and goes on below it.</summary>
    private void WalkValues(Trie trie, int close, in Thread thread, ObjectFrame frame, int name)
    {
        Fuel.Spend();
        var next = Rent();
        Automaton.NamedValues(frame, name, thread.Text?.With((byte)'"'), next);
        if (next.Count > 0)
            Add(trie.Tokens(close));
        for (var i = 0; i < next.Count; i++)
            Walk(trie, close, next[i]);
        Return(next);
    }
}
