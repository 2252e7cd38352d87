using System.Text.Json;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

/// <summary>One schema in one place: what is written there and how references in it resolve.</summary>
internal sealed class SchemaPlace
{
    public required JsonElement Element { get; init; }

    /// <summary>JSON pointer from the root of the document.</summary>
    public required string Pointer { get; init; }
    public required SchemaResource Resource { get; init; }
}

/// <summary>A schema with an identity of its own: the document's root, or a part with <c>$id</c>.</summary>
internal sealed class SchemaResource
{
    public required int Id { get; init; }
    public required Uri Base { get; init; }
    public required Draft Draft { get; init; }

    /// <summary>Whether the draft was not named, so that the keywords of all drafts count.</summary>
    public required bool Mixed { get; init; }
    public required JsonElement Root { get; init; }
    public required string Pointer { get; init; }
    public Dictionary<string, SchemaPlace> Anchors { get; } = [];
    public HashSet<string> DynamicAnchors { get; } = [];
    public bool RecursiveAnchor { get; set; }
}

/// <summary>The schema and the documents it may refer to, with every <c>$id</c> and anchor in them.</summary>
internal sealed class SchemaDocuments
{
    private const string RootUri = "schema://root/";
    private static readonly string[] InPlaceOrChild =
    [
        "additionalProperties",
        "additionalItems",
        "items",
        "contains",
        "propertyNames",
        "not",
        "if",
        "then",
        "else",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentSchema",
    ];
    private static readonly string[] Lists = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
    private static readonly string[] Maps =
    [
        "properties",
        "patternProperties",
        "definitions",
        "$defs",
        "dependentSchemas",
        "dependencies",
    ];

    private const int FewMembers = 32;
    private readonly SchemaOptions _options;
    private readonly Dictionary<string, SchemaResource> _resources = [];
    private readonly Dictionary<(int Resource, string Pointer), SchemaPlace> _places = [];
    private readonly HashSet<string> _loaded = [];
    private readonly Dictionary<(int Resource, string Pointer), Dictionary<string, JsonElement>> _members = [];

    public SchemaDocuments(JsonElement root, SchemaOptions options)
    {
        _options = options;
        Root = Load(new Uri(RootUri), root, null);
    }

    public SchemaPlace Root { get; }

    /// <summary>Whether some schema looks for its target in the dynamic scope.</summary>
    public bool HasDynamicScope { get; private set; }

    /// <summary>Whether some schema asks which properties or items others have looked at.</summary>
    public bool HasUnevaluated { get; private set; }

    public SchemaPlace Child(SchemaPlace parent, JsonElement element, string pointer)
    {
        var path = parent.Pointer + pointer;
        var key = (parent.Resource.Id, path);
        if (_places.TryGetValue(key, out var known))
            return known;
        var resource = parent.Resource;
        if (
            element.ValueKind == JsonValueKind.Object
            && Identity(element, resource.Draft) is { } id
            && TryUri(resource.Base, id, out var uri)
        )
            resource = _resources.GetValueOrDefault(WithoutFragment(uri)) ?? resource;
        var place = new SchemaPlace
        {
            Element = element,
            Pointer = path,
            Resource = resource,
        };
        _places.Add(key, place);
        return place;
    }

    public SchemaPlace Resolve(SchemaPlace from, string reference, string keyword)
    {
        if (reference.StartsWith('#'))
            return InResource(from.Resource, Uri.UnescapeDataString(reference[1..]), from, keyword, reference);
        if (!TryUri(from.Resource.Base, reference, out var uri))
            throw new SchemaException(from.Pointer, keyword, $"'{reference}' is not a URI reference");
        var address = WithoutFragment(uri);
        var resource = Find(address) ?? throw Unknown(from, keyword, reference);
        return InResource(resource, Uri.UnescapeDataString(uri.Fragment.TrimStart('#')), from, keyword, reference);
    }

    private SchemaResource? Find(string address)
    {
        if (_resources.TryGetValue(address, out var resource))
            return resource;
        var text = _options.Documents.GetValueOrDefault(address) ?? Metaschemas.Find(address);
        if (text is null || !_loaded.Add(address))
            return null;
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
        return Load(new Uri(address), document.RootElement.Clone(), _options.DefaultDraft).Resource;
    }

    private static SchemaException Unknown(SchemaPlace from, string keyword, string reference) =>
        new(from.Pointer, keyword, $"'{reference}' is not in this document; supply the file it names");

    private SchemaPlace InResource(SchemaResource resource, string fragment, SchemaPlace from, string keyword, string reference)
    {
        if (fragment.Length > 0 && fragment[0] != '/')
            return resource.Anchors.GetValueOrDefault(fragment) ?? throw Unknown(from, keyword, reference);
        var key = (resource.Id, resource.Pointer + fragment);
        if (_places.TryGetValue(key, out var known))
            return known;
        var place = new SchemaPlace
        {
            Element = resource.Root,
            Pointer = resource.Pointer,
            Resource = resource,
        };
        if (fragment.Length == 0)
            return _places[key] = place;
        var element = resource.Root;
        foreach (var part in fragment[1..].Split('/'))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (element.ValueKind == JsonValueKind.Object && Member(place, name) is { } member)
                element = member;
            else if (
                element.ValueKind == JsonValueKind.Array
                && int.TryParse(name, out var index)
                && index >= 0
                && index < element.GetArrayLength()
            )
                element = element[index];
            else
                throw Unknown(from, keyword, reference);
            place = Child(place, element, "/" + part);
        }
        if (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
            throw new SchemaException(from.Pointer, keyword, $"'{reference}' does not lead to a schema");
        return place;
    }

    private JsonElement? Member(SchemaPlace place, string name)
    {
        var element = place.Element;
        if (element.GetPropertyCount() < FewMembers)
            return element.TryGetProperty(name, out var found) ? found : null;
        // Thousands of definitions, each referred to: looked through once and not once each.
        if (!_members.TryGetValue((place.Resource.Id, place.Pointer), out var index))
        {
            index = new Dictionary<string, JsonElement>(element.GetPropertyCount());
            foreach (var member in element.EnumerateObject())
                index[member.Name] = member.Value;
            _members.Add((place.Resource.Id, place.Pointer), index);
        }
        return index.TryGetValue(name, out var value) ? value : null;
    }

    private SchemaPlace Load(Uri address, JsonElement root, Draft? draft)
    {
        var (found, mixed) = DraftOf(root, draft ?? _options.DefaultDraft);
        var uri = address;
        if (root.ValueKind == JsonValueKind.Object && Identity(root, found) is { } id && TryUri(address, id, out var own))
            uri = new Uri(WithoutFragment(own));
        var resource = Add(uri, root, "", found, mixed);
        _resources.TryAdd(WithoutFragment(address), resource);
        var place = new SchemaPlace
        {
            Element = root,
            Pointer = "",
            Resource = resource,
        };
        _places.TryAdd((resource.Id, ""), place);
        Scan(root, "", resource, true);
        return place;
    }

    private SchemaResource Add(Uri uri, JsonElement root, string pointer, Draft draft, bool mixed)
    {
        var resource = new SchemaResource
        {
            Id = _resources.Count,
            Base = uri,
            Draft = draft,
            Mixed = mixed,
            Root = root,
            Pointer = pointer,
        };
        if (!_resources.TryAdd(WithoutFragment(uri), resource))
            _resources.Add("#" + _resources.Count, resource);
        return resource;
    }

    private void Scan(JsonElement element, string pointer, SchemaResource resource, bool isRoot)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return;
        if (!isRoot && Identity(element, resource.Draft) is { } id && TryUri(resource.Base, id, out var uri))
        {
            var (draft, mixed) = element.TryGetProperty("$schema", out _)
                ? DraftOf(element, resource.Draft)
                : (resource.Draft, resource.Mixed);
            resource = Add(new Uri(WithoutFragment(uri)), element, pointer, draft, mixed);
        }
        ScanAnchors(element, pointer, resource);
        foreach (var member in element.EnumerateObject())
        {
            var name = member.Name;
            var value = member.Value;
            if (value.ValueKind == JsonValueKind.Object)
            {
                if (InPlaceOrChild.Contains(name))
                    Scan(value, $"{pointer}/{name}", resource, false);
                else if (Maps.Contains(name))
                {
                    foreach (var entry in value.EnumerateObject())
                        Scan(entry.Value, $"{pointer}/{name}/{Escape(entry.Name)}", resource, false);
                }
            }
            else if (value.ValueKind == JsonValueKind.Array && Lists.Contains(name))
            {
                var index = 0;
                foreach (var item in value.EnumerateArray())
                    Scan(item, $"{pointer}/{name}/{index++}", resource, false);
            }
        }
    }

    private void ScanAnchors(JsonElement element, string pointer, SchemaResource resource)
    {
        if (element.TryGetProperty("unevaluatedProperties", out _) || element.TryGetProperty("unevaluatedItems", out _))
            HasUnevaluated |= resource.Draft >= Draft.V201909;
        SchemaPlace? place = null;
        SchemaPlace Place()
        {
            if (place is null && !_places.TryGetValue((resource.Id, pointer), out place))
            {
                place = new SchemaPlace
                {
                    Element = element,
                    Pointer = pointer,
                    Resource = resource,
                };
                _places.Add((resource.Id, pointer), place);
            }
            return place!;
        }
        if (resource.Draft < Draft.V201909)
        {
            if (OwnIdentity(element, resource.Draft) is { } plain && plain.Length > 1 && plain[0] == '#')
                resource.Anchors.TryAdd(plain[1..], Place());
            return;
        }
        if (element.TryGetProperty("$anchor", out var anchor) && anchor.ValueKind == JsonValueKind.String)
            resource.Anchors.TryAdd(anchor.GetString()!, Place());
        if (element.TryGetProperty("$dynamicAnchor", out var dynamic) && dynamic.ValueKind == JsonValueKind.String)
        {
            resource.Anchors.TryAdd(dynamic.GetString()!, Place());
            resource.DynamicAnchors.Add(dynamic.GetString()!);
            HasDynamicScope = true;
        }
        if (
            element.TryGetProperty("$recursiveAnchor", out var recursive)
            && recursive.ValueKind == JsonValueKind.True
            && pointer == resource.Pointer
        )
        {
            resource.RecursiveAnchor = true;
            HasDynamicScope = true;
        }
    }

    /// <summary>Whether a meta-schema supplied with the options names its vocabularies, and validation is none of them.</summary>
    private bool SwitchesValidationOff(string metaschema)
    {
        if (!_options.Documents.TryGetValue(metaschema, out var text))
            return false;
        using var document = JsonDocument.Parse(text);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("$vocabulary", out var vocabularies)
            && vocabularies.ValueKind == JsonValueKind.Object
            && !vocabularies.EnumerateObject().Any(v => v.Name.EndsWith("/vocab/validation", StringComparison.Ordinal));
    }

    private (Draft, bool Mixed) DraftOf(JsonElement root, Draft? otherwise)
    {
        if (
            root.ValueKind == JsonValueKind.Object
            && root.TryGetProperty("$schema", out var schema)
            && schema.ValueKind == JsonValueKind.String
        )
        {
            var uri = schema.GetString()!.TrimEnd('#').Replace("https://", "http://", StringComparison.Ordinal);
            Draft? named = uri switch
            {
                "http://json-schema.org/draft-04/schema" => Draft.Four,
                "http://json-schema.org/draft-06/schema" => Draft.Six,
                "http://json-schema.org/draft-07/schema" => Draft.Seven,
                "http://json-schema.org/draft/2019-09/schema" => Draft.V201909,
                "http://json-schema.org/draft/2020-12/schema" => Draft.V202012,
                _ => null,
            };
            if (named is { } draft)
                return (draft, false);
            if (SwitchesValidationOff(schema.GetString()!))
            {
                const string reason =
                    "the meta-schema leaves out the validation vocabulary, so that keywords such as \"type\" say nothing; name a standard draft";
                throw new SchemaException("", "$schema", reason);
            }
        }
        return otherwise is { } known ? (known, false) : (Draft.V202012, true);
    }

    /// <summary>The identity that makes an element a resource of its own, if it has one.</summary>
    private static string? Identity(JsonElement element, Draft draft)
    {
        var id = OwnIdentity(element, draft);
        return id is null || id.StartsWith('#') ? null : id;
    }

    private static string? OwnIdentity(JsonElement element, Draft draft)
    {
        // Beside a $ref an identity does not exist in the older drafts.
        if (draft < Draft.V201909 && element.TryGetProperty("$ref", out _))
            return null;
        return element.TryGetProperty(draft == Draft.Four ? "id" : "$id", out var id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : null;
    }

    private static bool TryUri(Uri root, string reference, out Uri uri) => Uri.TryCreate(root, reference, out uri!);

    private static string WithoutFragment(Uri uri)
    {
        var text = uri.ToString();
        var hash = text.IndexOf('#', StringComparison.Ordinal);
        return hash >= 0 ? text[..hash] : text;
    }

    public static string Escape(string name) =>
        name.Contains('~', StringComparison.Ordinal) || name.Contains('/', StringComparison.Ordinal)
            ? name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)
            : name;
}
