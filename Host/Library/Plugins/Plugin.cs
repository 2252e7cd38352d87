using System.Composition;
using System.Composition.Hosting;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Tokenwright.Host;

/// <summary>A loaded plugin: its context, its container, and a factory for each of its parts.</summary>
internal sealed partial class Plugin : IDisposable
{
    private readonly Dictionary<PartInfo, Func<LivePart>> _factories = [];
    private readonly FileStream _copy;
    private PluginLoadContext? _context;
    private CompositionHost? _container;

    private Plugin(PluginFile file)
    {
        _context = new PluginLoadContext(file);
        _copy = ShadowCopy.Hold(file.Copy);
    }

    public PluginInfo Info { get; private set; } = null!;

    /// <summary>Alive as long as anything holds on to the plugin's code.</summary>
    public WeakReference Trace => new(_context);

    /// <summary>Loads a plugin; what does not work is reported and left out.</summary>
    /// <returns>Null where nothing of it works.</returns>
    public static Plugin? Load(PluginFile file, AssemblyFacts facts, Action<PluginDiagnostic> report)
    {
        Plugin? plugin = null;
        try
        {
            plugin = new Plugin(file);
            plugin.Compose(file, facts, report);
            if (plugin.Info.Parts.Count > 0)
            {
                return plugin;
            }
        }
        catch (Exception error)
        {
            // Whatever a stranger's assembly makes the loader or the container throw, it is that plugin's fault and only its own.
            report(LoadFailure(file, "loading", "It cannot be loaded", error));
        }

        plugin?.Dispose();
        return null;
    }

    /// <summary>Makes a part.</summary>
    /// <exception cref="Exception">Whatever the constructor throws.</exception>
    public LivePart Create(PartInfo part) => _factories[part]();

    public void LeaveOut(PartInfo part)
    {
        _factories.Remove(part);
        Info = Info with { Parts = [.. Info.Parts.Where(other => !ReferenceEquals(other, part))] };
    }

    public void Dispose()
    {
        _factories.Clear();
        _container?.Dispose();
        _container = null;
        _context?.Unload();
        _context = null;
        _copy.Dispose();
    }

    private void Compose(PluginFile file, AssemblyFacts facts, Action<PluginDiagnostic> report)
    {
        var assembly = _context!.LoadFromAssemblyPath(file.Copy);
        var described = new Dictionary<(Type Contract, string Id), PartInfo>();
        var types = new List<Type>();
        int reported = 0;
        foreach (var type in TypesOf(assembly, file, Report))
        {
            if (IsSound(type, file, described, Report))
            {
                types.Add(type);
            }
        }

        _container = new ContainerConfiguration().WithParts(types).CreateContainer();
        Collect<IDecodingMethod>();
        Collect<ITargetDecorator>();
        Collect<ILogitsProcessor>();
        Collect<ITokenConstraint>();
        Collect<IDrafter>();
        Collect<IVerifier>();
        Collect<IDecodingLoop>();
        string version =
            assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? assembly.GetName().Version!.ToString();
        Info = new PluginInfo(
            file.Name,
            version,
            file.MainDll,
            [.. _factories.Keys.OrderBy(part => part.Seam).ThenBy(part => part.Id, StringComparer.Ordinal)]
        );
        if (_factories.Count == 0 && reported == 0)
        {
            report(NoParts(file, facts));
        }

        void Report(PluginDiagnostic diagnostic)
        {
            reported++;
            report(diagnostic);
        }

        void Collect<T>()
            where T : IPart
        {
            foreach (var ((contract, id), part) in described)
            {
                if (contract != typeof(T))
                {
                    continue;
                }

                var factory = _container.GetExport<ExportFactory<T>>(id);
                _factories[part] = () =>
                {
                    var export = factory.CreateExport();
                    return new LivePart(part, export.Value, export.Dispose);
                };
            }

            // Exports without an id have no contract name.
            if (_container.GetExports<ExportFactory<T>>().Any())
            {
                Report(
                    Incomplete(
                        file,
                        $"It exports {Article(typeof(T).Name)} without an id.",
                        "Use the attribute that is made for it, such as [Drafter(\"id\", \"One sentence.\")], instead of [Export]."
                    )
                );
            }
        }
    }

    // Types whose base or fields cannot be loaded are lost; the others are as good as ever.
    private static IEnumerable<Type> TypesOf(Assembly assembly, PluginFile file, Action<PluginDiagnostic> report)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException error)
        {
            foreach (var cause in error.LoaderExceptions.OfType<Exception>().DistinctBy(cause => cause.Message))
            {
                report(LoadFailure(file, "reading its types", "A type cannot be loaded", cause));
            }

            return error.Types.OfType<Type>();
        }
    }

    // A container fails as a whole when one member of one type cannot be loaded, so each type is looked at before.
    private static bool IsSound(
        Type type,
        PluginFile file,
        Dictionary<(Type, string), PartInfo> described,
        Action<PluginDiagnostic> report
    )
    {
        PartAttribute[] declared = [];
        try
        {
            declared = [.. type.GetCustomAttributes<PartAttribute>(inherit: false)];
            _ = type.GetConstructors();
            _ = type.GetProperties();
            foreach (var attribute in declared)
            {
                var options = PartOption.Of(type);
                if (Flaw(type, attribute, options) is { } flaw)
                {
                    report(Incomplete(file, $"{type.Name}: {flaw.Cause}", flaw.Fix));
                    return false;
                }

                var part = new PartInfo(
                    SeamOf(attribute),
                    attribute.Id,
                    attribute.Summary,
                    attribute switch
                    {
                        DecodingMethodAttribute method => method.Lossless,
                        VerifierAttribute verifier => verifier.Lossless,
                        _ => null,
                    },
                    file.Name,
                    file.MainDll,
                    [.. options.Select(option => option.Describe())]
                );
                if (!described.TryAdd((attribute.ContractType!, attribute.Id), part))
                {
                    report(Duplicate(part, part));
                    return false;
                }
            }

            return true;
        }
        catch (Exception error)
            when (error is IOException or TypeLoadException or BadImageFormatException or MissingMemberException)
        {
            report(LoadFailure(file, "reading its types", $"Type {type.Name} cannot be loaded", error));
            return false;
        }
    }

    private static (string Cause, string Fix)? Flaw(Type type, PartAttribute attribute, IReadOnlyList<PartOption> options)
    {
        if (!Name().IsMatch(attribute.Id))
        {
            return ($"the id '{attribute.Id}' is not a name.", "Use lower-case words joined by hyphens.");
        }

        if (!attribute.ContractType!.IsAssignableFrom(type))
        {
            return (
                $"it is exported as {attribute.ContractType.Name} and does not implement it.",
                $"Implement {attribute.ContractType.Name}."
            );
        }

        if (type.GetCustomAttribute<SharedAttribute>() is not null)
        {
            return ("it is [Shared], and parts are made anew for every generation.", "Take the attribute away.");
        }

        foreach (var option in options)
        {
            if (!Name().IsMatch(option.Name))
            {
                return ($"the option name '{option.Name}' is not a name.", "Use lower-case words joined by hyphens.");
            }

            if (option.Property.SetMethod is not { IsPublic: true })
            {
                return ($"the option '{option.Name}' has no public setter.", "Give the property one.");
            }

            if (OptionText.Describe(option.Property.PropertyType) is null)
            {
                return (
                    $"the option '{option.Name}' is of type {option.Property.PropertyType.Name}.",
                    "Use bool, int, long, float, double, string, an enum, a nullable of them, or an IReadOnlyList of them."
                );
            }

            if (options.Count(other => other.Name == option.Name) > 1)
            {
                return ($"it declares the option '{option.Name}' twice.", "Rename one.");
            }
        }

        return null;
    }

    private static Seam SeamOf(PartAttribute attribute) =>
        attribute switch
        {
            DecodingMethodAttribute => Seam.Method,
            TargetDecoratorAttribute => Seam.Target,
            LogitsProcessorAttribute => Seam.Processor,
            TokenConstraintAttribute => Seam.Constraint,
            DrafterAttribute => Seam.Drafter,
            VerifierAttribute => Seam.Verifier,
            DecodingLoopAttribute => Seam.Loop,
            _ => throw new TypeLoadException($"{attribute.GetType().Name} is not one of the attributes of the contracts."),
        };

    internal static PluginDiagnostic Duplicate(PartInfo first, PartInfo second) =>
        new(
            PluginFault.DuplicateId,
            second.Plugin,
            second.File,
            "listing its parts",
            $"Its {second} has the id of another one, of plugin '{first.Plugin}' ({first.File}); the other one is used, this one is left out.",
            "Rename one of the two, or disable one of the two plugins in plugins.json."
        );

    internal static PluginDiagnostic LoadFailure(PluginFile file, string stage, string what, Exception error)
    {
        // The container wraps what the runtime threw.
        for (; error.InnerException is { } inner; error = inner) { }

        var (cause, fix) = error switch
        {
            FileNotFoundException { FileName: { } missing } when Assembly(missing) is { } name => (
                $"{what}: the assembly {name} that it needs is missing.",
                $"Put {name.Split(',')[0]}.dll beside {Path.GetFileName(file.MainDll)} (EnableDynamicLoading in the project copies dependencies)."
            ),
            BadImageFormatException => (
                $"{what}: a file is not a .NET assembly for this platform ({error.Message})",
                "Build the plugin again for .NET and this platform."
            ),
            TypeLoadException or MissingMemberException => (
                $"{what}: {error.Message}",
                $"Build the plugin again against Tokenwright.Abstractions {ContractVersion()}."
            ),
            _ => ($"{what}: {error.GetType().Name}: {error.Message}", "Ask the plugin's author, or disable it in plugins.json."),
        };
        return new PluginDiagnostic(PluginFault.LoadFailed, file.Name, file.MainDll, stage, cause, fix);

        static string? Assembly(string fileName) =>
            fileName.Contains(", Version=", StringComparison.Ordinal)
                ? string.Join(',', fileName.Split(',')[..2])
                : Path.GetFileNameWithoutExtension(fileName);
    }

    internal static string ContractVersion() =>
        typeof(IPart).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static PluginDiagnostic Incomplete(PluginFile file, string cause, string fix) =>
        new(PluginFault.Metadata, file.Name, file.MainDll, "listing its parts", cause, fix);

    private static PluginDiagnostic NoParts(PluginFile file, AssemblyFacts facts) =>
        facts.Contract is null
            ? Incomplete(
                file,
                "It exports no part and does not refer to Tokenwright.Abstractions.",
                "If it is a library that a plugin needs, give that plugin a folder of its own and put both there."
            )
            : new PluginDiagnostic(
                PluginFault.PrivateContract,
                file.Name,
                file.MainDll,
                "listing its parts",
                "It refers to Tokenwright.Abstractions and yet exports no part.",
                "Mark the parts, public classes, with [DecodingMethod], [Drafter], [LogitsProcessor] and the like."
            );

    private static string Article(string name) => (name[0] is 'I' ? "an " : "a ") + name;

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex Name();
}
