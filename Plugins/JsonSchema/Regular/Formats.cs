using System.Globalization;
using System.Text;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>The standard formats as languages, after the RFCs that JSON Schema names.</summary>
internal static class Formats
{
    private const string Octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private const string Ipv4 = $"{Octet}(\\.{Octet}){{3}}";
    private const string H16 = "[0-9A-Fa-f]{1,4}";
    private const string Ls32 = $"({H16}:{H16}|{Ipv4})";
    private const string Ipv6 =
        $"(({H16}:){{6}}{Ls32}|::({H16}:){{5}}{Ls32}|({H16})?::({H16}:){{4}}{Ls32}"
        + $"|(({H16}:){{0,1}}{H16})?::({H16}:){{3}}{Ls32}|(({H16}:){{0,2}}{H16})?::({H16}:){{2}}{Ls32}"
        + $"|(({H16}:){{0,3}}{H16})?::{H16}:{Ls32}|(({H16}:){{0,4}}{H16})?::{Ls32}"
        + $"|(({H16}:){{0,5}}{H16})?::{H16}|(({H16}:){{0,6}}{H16})?::)";
    private const string Date =
        "(\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))"
        + "|(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)";
    private const string Offset = "([Zz]|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
    private const string Time = $"(([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d+)?{Offset}|23:59:60(\\.\\d+)?([Zz]|[+-]00:00))";
    private const string Label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    private const string Hostname = $"(?=.{{1,253}}$)(?!([A-Za-z0-9-]*\\.)*..--){Label}(\\.{Label})*";

    // Characters of an IRI beyond ASCII: ucschar, and iprivate in queries (RFC 3987).
    private const string Ucs =
        "\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF\\u{10000}-\\u{1FFFD}\\u{20000}-\\u{2FFFD}\\u{30000}-\\u{3FFFD}"
        + "\\u{40000}-\\u{4FFFD}\\u{50000}-\\u{5FFFD}\\u{60000}-\\u{6FFFD}\\u{70000}-\\u{7FFFD}\\u{80000}-\\u{8FFFD}"
        + "\\u{90000}-\\u{9FFFD}\\u{A0000}-\\u{AFFFD}\\u{B0000}-\\u{BFFFD}\\u{C0000}-\\u{CFFFD}\\u{D0000}-\\u{DFFFD}\\u{E1000}-\\u{EFFFD}";
    private const string Private = "\\uE000-\\uF8FF\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}";

    private const string Atext = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";
    private const string Quoted = "\"([\\x20\\x21\\x23-\\x5B\\x5D-\\x7E]|\\\\[\\x20-\\x7E])*\"";

    /// <summary>The language of a format, or null when it is not one of the standard ones.</summary>
    public static Language? Find(LanguagePool pool, string name) =>
        Pattern(name) is { } pattern ? EcmaPattern.Whole(pool, pattern) : null;

    private static string? Pattern(string name) =>
        name switch
        {
            "date" => Date,
            "time" => Time,
            "date-time" => $"{Date}[Tt]{Time}",
            "duration" => "P((\\d+Y(\\d+M(\\d+D)?)?|\\d+M(\\d+D)?|\\d+D)(T(\\d+H(\\d+M(\\d+S)?)?|\\d+M(\\d+S)?|\\d+S))?"
                + "|T(\\d+H(\\d+M(\\d+S)?)?|\\d+M(\\d+S)?|\\d+S)|\\d+W)",
            "email" => $"({Atext}+(\\.{Atext}+)*|{Quoted})@({Hostname}|\\[({Ipv4}|IPv6:{Ipv6})\\])",
            "hostname" => Hostname,
            "idn-email" or "idn-hostname" => throw new FormatException(
                "internationalised host names need the tables of IDNA and are not supported"
            ),
            "ipv4" => Ipv4,
            "ipv6" => Ipv6,
            "uri" => Uri("", "", false),
            "uri-reference" => Uri("", "", true),
            "iri" => Uri(Ucs, Private, false),
            "iri-reference" => Uri(Ucs, Private, true),
            "uuid" => "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
            "uri-template" => UriTemplate,
            "json-pointer" => "(/([^~/]|~[01])*)*",
            "regex" => Expression(2),
            "relative-json-pointer" => "(0|[1-9]\\d*)(#|(/([^~/]|~[01])*)*)",
            _ => null,
        };

    /// <summary>
    /// Regular expressions of ECMA-262, groups nested at most so deep: brackets of any depth are beyond a finite automaton. Back-references,
    /// named groups, ranges that begin at unusual characters, and a few odd spellings are left out too, so nothing that is allowed is malformed.
    /// </summary>
    private static string Expression(int depth)
    {
        const string escape =
            @"\\([dDwWsStnvfr0]|[^A-Za-z0-9\x00-\x1F]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|[pP]\{(L|Lu|Ll|Lt|M|N|Nd|P|S|Z|Zs|Letter)\})";
        var ranges = new StringBuilder();
        foreach (var c in "0123456789aAbBcCxX")
        {
            // The end of a range is no less than its start, and none of the characters with a meaning in brackets.
            ranges.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}-[");
            foreach (var (low, high) in ((int, int)[])[(0x20, 0x2C), (0x2E, 0x5B), (0x5E, 0x7E)])
            {
                if (c <= high)
                    ranges.Append(CultureInfo.InvariantCulture, $"\\x{Math.Max((int)c, low):X2}-\\x{high:X2}");
            }
            ranges.Append("]|");
        }
        var set = $@"\[\^?-?({ranges}[^\]\\\-\x00-\x1F]|{escape})*-?\]";
        const string quantifier =
            @"([*+?]|\{\d+,?\}|\{0,\d+\}|\{1,[1-9]\d*\}|\{2,[2-9]\}|\{3,[3-9]\}|\{4,[4-9]\}|\{5,[5-9]\}|\{\d,[1-9]\d+\}|\{[1-9]\d,[1-9]\d\d+\})\??";
        var atom = $@"[^\\()\[\]{{}}*+?|^$]|{escape}|{set}";
        var inner = "";
        for (var level = 0; level <= depth; level++)
        {
            var group = level == 0 ? "" : $@"|\((\?[:=!])?{inner}\)";
            inner = $@"((({atom}{group})({quantifier})?|[\^$]|\\[bB])*(\|(({atom}{group})({quantifier})?|[\^$]|\\[bB])*)*)";
        }
        return inner;
    }

    private static string Uri(string wide, string query, bool reference)
    {
        var unreserved = "A-Za-z0-9._~\\-" + wide;
        const string subDelims = "!$&'()*+,;=";
        const string escape = "%[0-9A-Fa-f]{2}";
        var pchar = $"([{unreserved}{subDelims}:@]|{escape})";
        var authority =
            $"(([{unreserved}{subDelims}:]|{escape})*@)?(\\[({Ipv6}|[vV][0-9A-Fa-f]+\\.[{"A-Za-z0-9._~\\-"}{subDelims}:]+)\\]"
            + $"|([{unreserved}{subDelims}]|{escape})*)(:\\d*)?";
        var tail = $"(\\?([{unreserved}{subDelims}:@/?{query}]|{escape})*)?(#([{unreserved}{subDelims}:@/?]|{escape})*)?";
        var hierarchy = $"(//{authority}(/{pchar}*)*|/({pchar}+(/{pchar}*)*)?|{pchar}+(/{pchar}*)*|)";
        var absolute = $"[A-Za-z][A-Za-z0-9+.-]*:{hierarchy}{tail}";
        if (!reference)
            return absolute;
        var first = $"([{unreserved}{subDelims}@]|{escape})+";
        return $"({absolute}|(//{authority}(/{pchar}*)*|/({pchar}+(/{pchar}*)*)?|{first}(/{pchar}*)*|){tail})";
    }

    private const string VarChar = "([A-Za-z0-9_]|%[0-9A-Fa-f]{2})";
    private const string VarSpec = $"{VarChar}(\\.?{VarChar})*(:[1-9]\\d{{0,3}}|\\*)?";
    private const string UriTemplate =
        "([\\x21\\x23\\x24\\x26\\x28-\\x3B\\x3D\\x3F-\\x5B\\x5D\\x5F\\x61-\\x7A\\x7E"
        + Ucs
        + Private
        + $"]|%[0-9A-Fa-f]{{2}}|\\{{[+#./;?&=,!@|]?{VarSpec}(,{VarSpec})*\\}})*";
}
