using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Tokenwright.Models.Tokenizers;

/// <summary>
/// Unicode's normalisation forms (UAX #15, Unicode 14). The product runs without ICU, and there string.Normalize returns its
/// input unchanged for anything beyond ASCII, without a word.
/// </summary>
internal static partial class UnicodeForms
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int Leads = 19;
    private const int Vowels = 21;
    private const int Trails = 28;

    private readonly record struct Mapping(int[] To, bool Compatible);

    private static readonly Dictionary<int, byte> Classes = []; // combining classes other than 0
    private static readonly Dictionary<int, Mapping> Mappings = [];
    private static readonly Dictionary<(int, int), int> pairs = [];

    static UnicodeForms()
    {
        using var packed = new MemoryStream(Convert.FromBase64String(Data));
        using var reader = new StreamReader(new DeflateStream(packed, CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
            Add(line);
    }

    /// <summary>The text in one of the four forms; half surrogate pairs must not occur in it.</summary>
    public static string Normalize(string text, NormalizationForm form)
    {
        var compatible = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        var compose = form is NormalizationForm.FormC or NormalizationForm.FormKC;
        // Nothing below changes, except by decomposition from U+00A0 on.
        var first = form == NormalizationForm.FormC ? '\u0300' : '\u00A0';
        if (!text.AsSpan().ContainsAnyInRange(first, '\uFFFF'))
            return text;

        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, compatible, points);
        Order(points);
        if (compose)
            Compose(points);

        var result = new StringBuilder(points.Count);
        foreach (var point in points)
            result.Append(new Rune(point).ToString());
        return result.ToString();
    }

    /// <summary>A line of the table: code point, ",class" unless 0, then "=" and a mapping ("!": never composed, "~": compatible).</summary>
    private static void Add(string line)
    {
        var kind = line.AsSpan().IndexOfAny('=', '!', '~');
        var head = kind < 0 ? line.AsSpan() : line.AsSpan(0, kind);
        var comma = head.IndexOf(',');
        var point = int.Parse(comma < 0 ? head : head[..comma], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (comma >= 0)
            Classes[point] = byte.Parse(head[(comma + 1)..], NumberStyles.None, CultureInfo.InvariantCulture);
        if (kind < 0)
            return;
        var to = Array.ConvertAll(
            line[(kind + 1)..].Split(' '),
            p => int.Parse(p, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        );
        Mappings[point] = new(to, line[kind] == '~');
        if (line[kind] == '=')
            pairs[(to[0], to[1])] = point;
    }

    private static void Decompose(int point, bool compatible, List<int> points)
    {
        var syllable = point - HangulBase;
        if (syllable is >= 0 and < Leads * Vowels * Trails)
        {
            points.Add(LeadBase + syllable / (Vowels * Trails));
            points.Add(VowelBase + syllable / Trails % Vowels);
            if (syllable % Trails != 0)
                points.Add(TrailBase + syllable % Trails);
        }
        else if (Mappings.TryGetValue(point, out var mapping) && (compatible || !mapping.Compatible))
        {
            foreach (var part in mapping.To)
                Decompose(part, compatible, points);
        }
        else
            points.Add(point);
    }

    /// <summary>Sorts every run of combining marks by class, keeping the order of equals.</summary>
    private static void Order(List<int> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            while (end < points.Count && Class(points[end]) != 0)
                end++;
            if (end - start > 1)
            {
                var marks = points.GetRange(start, end - start).OrderBy(Class).ToArray();
                for (var i = 0; i < marks.Length; i++)
                    points[start + i] = marks[i];
            }
            start = Math.Max(start, end);
        }
    }

    private static void Compose(List<int> points)
    {
        var count = 0;
        var starter = -1; // index of the last starter kept
        var last = 0; // class of the last point kept after it
        // In place: what is written never overtakes what is read.
        foreach (var point in CollectionsMarshal.AsSpan(points))
        {
            var own = Class(point);
            var adjacent = starter == count - 1;
            if (starter >= 0 && (adjacent || last < own) && Pair(points[starter], point) is { } composed)
            {
                points[starter] = composed;
                continue;
            }
            if (own == 0)
                starter = count;
            last = own;
            points[count++] = point;
        }
        points.RemoveRange(count, points.Count - count);
    }

    private static int? Pair(int a, int b)
    {
        if (a - LeadBase is >= 0 and < Leads && b - VowelBase is >= 0 and < Vowels)
            return HangulBase + ((a - LeadBase) * Vowels + (b - VowelBase)) * Trails;
        var syllable = a - HangulBase;
        if (syllable is >= 0 and < Leads * Vowels * Trails && syllable % Trails == 0 && b - TrailBase is > 0 and < Trails)
            return a + (b - TrailBase);
        return pairs.TryGetValue((a, b), out var composed) ? composed : null;
    }

    private static int Class(int point) => Classes.GetValueOrDefault(point);
}
