using System.Globalization;

namespace Tokenwright.Host;

/// <summary>Turns a request into a plan, or refuses it before the first token.</summary>
/// <remarks>
/// A method names its parts; a request may override any one. Every processor and constraint there is joins where its options call for it.
/// An option's value is that of the request, else that of plugins.json, else the property's. Safe for concurrent use.
/// </remarks>
public sealed class Planner(PluginCatalog catalog, HostSettings settings)
{
    /// <summary>The id that takes away what a method names.</summary>
    public const string None = "none";

    private const string Temperature = "temperature";

    /// <summary>Makes a plan.</summary>
    /// <param name="model">The model.</param>
    /// <param name="request">The method, the overrides, the options.</param>
    /// <param name="cancellation">Ends a long preparation early.</param>
    /// <returns>The plan; the caller disposes it.</returns>
    /// <exception cref="PlanException">The request is impossible; the message names the part, what is wrong and the fix.</exception>
    public ValueTask<Plan> PlanAsync(LoadedModel model, GenerationRequest request, CancellationToken cancellation = default) =>
        PlanAsync(model, request, promptLength: 0, new Watch(), cancellation);

    /// <summary>What the plans are made of.</summary>
    internal PluginCatalog Catalog { get; } = catalog;

    /// <summary>Looks after the generations of these plans.</summary>
    internal Watchdog Watchdog { get; } = new(settings.HangLimit);

    /// <summary>Makes a plan for a prompt that takes its part of the context. The plan's parts mark themselves where they run.</summary>
    internal async ValueTask<Plan> PlanAsync(
        LoadedModel model,
        GenerationRequest request,
        int promptLength,
        Watch watch,
        CancellationToken cancellation
    )
    {
        int most = Math.Min(request.MaxTokens, Math.Max(1, model.Model.Info.ContextLength - promptLength));
        var parts = new List<LivePart>();
        GuardedModel? decorated = null;
        try
        {
            PartInfo[] shaping = [.. Catalog.Of(Seam.Processor), .. Catalog.Of(Seam.Constraint)];
            var methodInfo = Find(Seam.Method, request.Method ?? DefaultMethod(request));
            var method = Make<IDecodingMethod>(methodInfo, parts, watch);

            // A method's options may decide its recipe, so they are set before the other parts are known.
            new OptionValues(settings, request, [methodInfo, .. shaping]).Bind(parts[0], watch);
            var recipe = Override(Run(watch, methodInfo, () => method.Recipe), request);
            var targetInfo = recipe.Target is { } target ? Find(Seam.Target, target) : null;
            var drafterInfo = recipe.Drafter is { } draft ? Find(Seam.Drafter, draft) : null;
            var verifierInfo = Find(Seam.Verifier, recipe.Verifier);
            var loopInfo = Find(Seam.Loop, recipe.Loop);
            var decorator = targetInfo is null ? null : Make<ITargetDecorator>(targetInfo, parts, watch);
            var drafter = drafterInfo is null ? null : Make<IDrafter>(drafterInfo, parts, watch);
            var combinedInfos = Combine(drafterInfo, drafter, model.Model.Info.VocabularySize, request, parts, watch);
            PartInfo[] infos =
            [
                methodInfo,
                .. new[] { targetInfo, drafterInfo }.OfType<PartInfo>(),
                .. combinedInfos,
                verifierInfo,
                loopInfo,
                .. shaping,
            ];
            CheckNames(request, infos);
            var values = new OptionValues(settings, request, infos);

            var verifier = Make<IVerifier>(verifierInfo, parts, watch);
            var loop = Make<IDecodingLoop>(loopInfo, parts, watch);
            parts.ForEach(part => values.Bind(part, watch));
            var diagnostics = new List<PluginDiagnostic>();
            var shape = MakeActive(shaping, values, request, parts, diagnostics, watch);
            var constraint = shape.Select(part => part.Part).OfType<ITokenConstraint>().SingleOrDefault();
            CheckConstrained(request, infos, shape);
            if (constraint is not null && drafter is null && request is { Method: null, Drafter: null })
            {
                drafterInfo = Hinted(verifier);
                if (drafterInfo is not null)
                {
                    recipe = recipe with { Drafter = drafterInfo.Id };
                    drafter = Make<IDrafter>(drafterInfo, parts, watch);
                    new OptionValues(settings, request, [drafterInfo]).Bind(parts[^1], watch);
                }
            }

            if (drafter is not null)
            {
                var before = watch.Enter(drafterInfo);
                drafter.Suit(verifier.Accepts);
                watch.Leave(before);
            }

            CheckModes(drafterInfo, drafter, verifierInfo, verifier);
            var context = Context(model, model.Model, model.Stores, most, watch);
            if (decorator is not null)
            {
                var live = parts.First(part => part.Part == decorator);
                CheckNeeds([live], model.Model);
                await Prepare([live], context, watch, cancellation).ConfigureAwait(false);
                decorated = new GuardedModel(Decorated(live, decorator, model.Model, watch), live.Info, watch);
                // What is learnt about a decorated model is not true of the model itself.
                context = Context(model, decorated, model.Stores.Get(targetInfo!.Id, () => new SharedStores()), most, watch);
            }

            LivePart[] others = [.. parts.Where(part => part.Part != decorator)];
            CheckNeeds(others, context.Target);
            await Prepare(others, context, watch, cancellation).ConfigureAwait(false);
            return new Plan(parts, decorated, watch)
            {
                Method = methodInfo.Id,
                Recipe = recipe,
                Target = context.Target,
                Shape = new ShapeChain(
                    shape
                        .Where(part => part.Part is ILogitsProcessor)
                        .Select(part =>
                            KeyValuePair.Create(
                                part.Info.Id,
                                (ILogitsProcessor)new GuardedProcessor((ILogitsProcessor)part.Part, part.Info, watch)
                            )
                        ),
                    constraint is null
                        ? null
                        : new GuardedConstraint(constraint, shape.First(part => part.Part == constraint).Info, watch),
                    context.Target.Info
                ),
                Drafter = drafter is null
                    ? null
                    : new GuardedDrafter(drafter, drafterInfo!, context.Target.Info.VocabularySize, watch),
                Verifier = new GuardedVerifier(verifier, verifierInfo, watch),
                Loop = loop,
                Diagnostics = diagnostics,
            };
        }
        catch (Exception error)
        {
            decorated?.Dispose();
            parts.ForEach(part => part.Dispose());
            if (error is HostException or OperationCanceledException)
            {
                throw;
            }

            throw new PlanException(
                $"A part failed while the plan was made ({string.Join(", ", parts)}): {error.GetType().Name}: {error.Message}",
                error
            );
        }
    }

    private static PartContext Context(LoadedModel model, ICausalModel target, SharedStores stores, int maxTokens, Watch watch) =>
        new()
        {
            Target = target,
            Vocabulary = model.Vocabulary,
            Encode = model.EncodePart,
            MaxTokens = maxTokens,
            Models = model.Models is null ? null : new GuardedModelSource(model.Models, watch),
            Stores = stores,
        };

    private static Recipe Override(Recipe recipe, GenerationRequest request) =>
        recipe with
        {
            Target = Choose(request.Target, recipe.Target),
            Drafter = Choose(request.Drafter, recipe.Drafter),
            Verifier = request.Verifier ?? recipe.Verifier,
            Loop = request.Loop ?? recipe.Loop,
        };

    private static string? Choose(string? wanted, string? otherwise) => wanted == None ? null : wanted ?? otherwise;

    private string DefaultMethod(GenerationRequest request)
    {
        string? given = request.Options.TryGetValue(Temperature, out string? text)
            ? text
            : settings
                .Plugins.Values.Where(plugin => plugin.Enabled)
                .Select(plugin => plugin.Options.GetValueOrDefault(Temperature))
                .FirstOrDefault(t => t is not null);
        bool samples =
            double.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out double temperature) && temperature > 0;
        return samples ? settings.Defaults.SamplingMethod : settings.Defaults.Method;
    }

    private PartInfo Find(Seam seam, string id)
    {
        if (Catalog.Find(seam, id) is { } part)
        {
            return part;
        }

        string[] known = [.. Catalog.Of(seam).Select(other => other.Id).Order(StringComparer.Ordinal)];
        string name = seam.ToString().ToLowerInvariant();
        throw new PlanException(
            known.Length == 0
                ? $"Unknown {name} '{id}': no plugin offers a {name}. Check the plugin folders and the diagnostics of the plugins."
                : $"Unknown {name} '{id}'.{Spelling.Hint(id, known)} Known: {string.Join(", ", known)}."
        );
    }

    // What a constraint forces is free to propose. Where nobody offers the drafter, or the verifier does not accept it, only speed is lost.
    private PartInfo? Hinted(IVerifier verifier)
    {
        if (
            settings.Defaults.ConstrainedDrafter == None
            || Catalog.Find(Seam.Drafter, settings.Defaults.ConstrainedDrafter) is not { } info
        )
        {
            return null;
        }

        using var live = Catalog.Create(info);
        return (((IDrafter)live.Part).Proposes & ~verifier.Accepts) == 0 ? info : null;
    }

    // An option that only constraints have does nothing where none of them is called for, and whoever set it meant something.
    private static void CheckConstrained(GenerationRequest request, PartInfo[] recipe, List<LivePart> active)
    {
        foreach (string name in request.Options.Keys)
        {
            PartInfo[] owners = [.. recipe.Where(part => part.Options.Any(option => option.Name == name))];
            if (owners.All(part => part.Seam == Seam.Constraint) && !active.Exists(part => owners.Contains(part.Info)))
            {
                throw new PlanException(
                    $"Option '{name}' belongs to {string.Join(", ", owners.Select(part => part.ToString()))}, and no option calls for {(owners.Length == 1 ? "it" : "one of them")}. Add one that does, or leave this one out."
                );
            }
        }
    }

    // The combination's own options name its drafters, so they are set before the recipe's options are known.
    private PartInfo[] Combine(
        PartInfo? info,
        IDrafter? drafter,
        int vocabularySize,
        GenerationRequest request,
        List<LivePart> parts,
        Watch watch
    )
    {
        if (drafter is not ICombinedDrafter combined)
        {
            return [];
        }

        new OptionValues(settings, request, [info!]).Bind(parts[^1], watch);
        PartInfo[] infos = [.. combined.DrafterIds.Select(id => Find(Seam.Drafter, id))];
        var drafters = new List<IDrafter>();
        foreach (var other in infos)
        {
            var made = Make<IDrafter>(other, parts, watch);
            drafters.Add(new GuardedDrafter(made, other, vocabularySize, watch));
            if (made is ICombinedDrafter)
            {
                throw new PlanException(
                    $"The {info} cannot hold the {other}, which is itself made of drafters. Name those drafters instead."
                );
            }
        }

        combined.Drafters = drafters;
        return infos;
    }

    private T Make<T>(PartInfo info, List<LivePart> parts, Watch watch)
        where T : IPart
    {
        try
        {
            var live = Run(watch, info, () => Catalog.Create(info));
            parts.Add(live);
            return (T)live.Part;
        }
        catch (HostException error)
        {
            throw new PlanException(error.Message, error.InnerException);
        }
    }

    // A broken processor must not spoil the requests that have nothing to do with it.
    private List<LivePart> MakeActive(
        PartInfo[] shaping,
        OptionValues values,
        GenerationRequest request,
        List<LivePart> parts,
        List<PluginDiagnostic> diagnostics,
        Watch watch
    )
    {
        var active = new List<LivePart>();
        foreach (var info in shaping)
        {
            LivePart live;
            try
            {
                live = Run(watch, info, () => Catalog.Create(info));
            }
            catch (PluginException error)
            {
                if (info.Options.Any(option => request.Options.ContainsKey(option.Name)))
                {
                    throw new PlanException(error.Message, error.InnerException);
                }

                diagnostics.Add(error.Diagnostic);
                continue;
            }

            parts.Add(live);
            values.Bind(live, watch);
            if (live.Part is ILogitsProcessor { IsActive: true } or ITokenConstraint { IsActive: true })
            {
                active.Add(live);
            }
            else
            {
                parts.Remove(live);
                live.Dispose();
            }
        }

        LivePart[] constraints = [.. active.Where(part => part.Part is ITokenConstraint)];
        if (constraints.Length > 1)
        {
            throw new PlanException(
                $"Only one constraint can hold at a time, and the options call for {string.Join(" and ", constraints.Select(Called))}. Leave the options of all but one out."
            );
        }

        return active;

        string Called(LivePart part)
        {
            string options = string.Join(
                ", ",
                part.Info.Options.Select(option => option.Name)
                    .Where(name => values[name] is not null)
                    .Select(name => $"'{name}'")
            );
            return options.Length == 0 ? part.ToString() : $"{part} (option {options})";
        }
    }

    private void CheckNames(GenerationRequest request, PartInfo[] recipe)
    {
        foreach (string name in request.Options.Keys)
        {
            if (recipe.Any(part => part.Options.Any(option => option.Name == name)))
            {
                continue;
            }

            string[] owners =
            [
                .. Catalog.Parts.Where(part => part.Options.Any(option => option.Name == name)).Select(part => part.ToString()),
            ];
            if (owners.Length > 0)
            {
                throw new PlanException(
                    $"Option '{name}' belongs to {string.Join(" and ", owners)}, which this recipe does not use. {Declared(recipe)}"
                );
            }

            string hint = Spelling.Hint(name, recipe.SelectMany(part => part.Options).Select(option => option.Name));
            throw new PlanException($"Unknown option '{name}'.{hint} {Declared(recipe)}");
        }
    }

    private static string Declared(PartInfo[] recipe) =>
        recipe.All(part => part.Options.Count == 0)
            ? "The parts of this recipe have no options."
            : "Options of this recipe: "
                + string.Join(
                    "; ",
                    recipe
                        .Where(part => part.Options.Count > 0)
                        .Select(part => $"{part}: {string.Join(", ", part.Options.Select(option => option.Name))}")
                )
                + ".";

    private void CheckModes(PartInfo? drafterInfo, IDrafter? drafter, PartInfo verifierInfo, IVerifier verifier)
    {
        if (drafter is null || (drafter.Proposes & ~verifier.Accepts) is not (not ProposalModes.None and var rest))
        {
            return;
        }

        string[] fitting =
        [
            .. Catalog.Of(Seam.Verifier).Where(info => Accepts(info, drafter.Proposes)).Select(info => $"'{info.Id}'"),
        ];
        string fix =
            fitting.Length == 0
                ? "Take another drafter: no verifier here accepts them."
                : $"Take a verifier that accepts them ({string.Join(", ", fitting)}), or another drafter.";
        throw new PlanException(
            $"The {drafterInfo} proposes in mode {InWords(rest)}, whose law the {verifierInfo} does not keep: it accepts {InWords(verifier.Accepts)}. {fix}"
        );
    }

    private bool Accepts(PartInfo info, ProposalModes modes)
    {
        try
        {
            using var live = Catalog.Create(info);
            return (modes & ~((IVerifier)live.Part).Accepts) == 0;
        }
        catch (HostException)
        {
            return false;
        }
    }

    private static string InWords(ProposalModes modes) =>
        modes == ProposalModes.None
            ? "none"
            : string.Join(
                " and ",
                new[]
                {
                    (ProposalModes.Deterministic, "deterministic"),
                    (ProposalModes.Independent, "independent"),
                    (ProposalModes.WithoutReplacement, "without replacement"),
                }
                    .Where(mode => modes.HasFlag(mode.Item1))
                    .Select(mode => mode.Item2)
            );

    private static void CheckNeeds(IEnumerable<LivePart> parts, ICausalModel target)
    {
        foreach (var part in parts)
        {
            var missing = part.Part.Needs & ~target.Capabilities;
            if (missing != Capabilities.None)
            {
                throw new PlanException(
                    $"The {part} needs {InWords(missing)}, which model '{target.Info.Name}' does not offer. {target.Explain(missing)}"
                );
            }
        }
    }

    private static string InWords(Capabilities capabilities) =>
        string.Join(
            " and ",
            new[]
            {
                (Capabilities.Tree, "trees"),
                (Capabilities.Rewind, "rewinding"),
                (Capabilities.Fork, "forking"),
                (Capabilities.HiddenStates, "hidden states"),
                (Capabilities.Batch, "batches"),
                (Capabilities.Embeddings, "input embeddings"),
                (Capabilities.Routing, "expert routing"),
            }
                .Where(capability => capabilities.HasFlag(capability.Item1))
                .Select(capability => capability.Item2)
        );

    private static async ValueTask Prepare(
        IEnumerable<LivePart> parts,
        PartContext context,
        Watch watch,
        CancellationToken cancellation
    )
    {
        foreach (var part in parts)
        {
            var before = watch.Enter(part.Info);
            try
            {
                await part.Part.PrepareAsync(context, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                throw new PlanException($"The {part} cannot work here: {error.Message}", error);
            }
            finally
            {
                watch.Leave(before);
            }
        }
    }

    private static ICausalModel Decorated(LivePart part, ITargetDecorator decorator, ICausalModel model, Watch watch)
    {
        try
        {
            return Run(watch, part.Info, () => decorator.Decorate(model))
                ?? throw new InvalidOperationException("it made no model.");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new PlanException($"The {part} cannot decorate the model: {error.Message}", error);
        }
    }

    private static T Run<T>(Watch watch, PartInfo part, Func<T> work)
    {
        var before = watch.Enter(part);
        try
        {
            return work();
        }
        finally
        {
            watch.Leave(before);
        }
    }
}
