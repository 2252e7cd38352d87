using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Tokenwright.Host;

/// <summary>The values of options that hold for one recipe: those of the request, then those of plugins.json.</summary>
internal sealed class OptionValues
{
    private readonly Dictionary<string, (string Text, string? Plugin)> _values = new(StringComparer.Ordinal);
    private readonly HostSettings _settings;

    /// <param name="settings">An entry's options count where a part of its plugin in the recipe declares them.</param>
    /// <param name="request">What the request sets; wins.</param>
    /// <param name="recipe">The parts.</param>
    public OptionValues(HostSettings settings, GenerationRequest request, IEnumerable<PartInfo> recipe)
    {
        _settings = settings;
        foreach (var (name, text) in request.Options)
        {
            _values[name] = (text, null);
        }

        foreach (var part in recipe)
        {
            var entry = settings.For(part.Plugin).Options;
            foreach (string name in part.Options.Select(option => option.Name).Where(entry.ContainsKey))
            {
                string text = entry[name];
                if (_values.TryAdd(name, (text, part.Plugin)))
                {
                    continue;
                }

                var (other, plugin) = _values[name];
                if (plugin is null || other == text)
                {
                    continue;
                }

                throw new PlanException(
                    $"plugins.json sets option '{name}' to {other} for plugin '{plugin}' and to {text} for plugin '{part.Plugin}', and parts of one recipe share an option. Give both the same value, or set it in the request."
                );
            }
        }
    }

    /// <summary>The text of a value; null where nobody sets it.</summary>
    public string? this[string name] => _values.TryGetValue(name, out var value) ? value.Text : null;

    /// <summary>Sets and checks the options of a part.</summary>
    /// <param name="live">The part, whose setters and checks run.</param>
    /// <param name="watch">Is told so.</param>
    /// <exception cref="PlanException">A value cannot be read, is out of range, or the part refuses it.</exception>
    public void Bind(LivePart live, Watch watch)
    {
        var before = watch.Enter(live.Info);
        Bind(live);
        watch.Leave(before);
    }

    /// <inheritdoc cref="Bind(LivePart, Watch)"/>
    public void Bind(LivePart live)
    {
        var options = PartOption.Of(live.Part.GetType());
        foreach (var option in options)
        {
            if (!_values.TryGetValue(option.Name, out var value))
            {
                continue;
            }

            if (!OptionText.TryParse(option.Property.PropertyType, value.Text, out object? parsed))
            {
                throw new PlanException(
                    $"Option '{option.Name}' of {live} takes {option.Describe().Type}; '{value.Text}' is not that{Source(option.Name)}."
                );
            }

            try
            {
                option.Property.SetValue(live.Part, parsed);
            }
            catch (TargetInvocationException error)
            {
                throw new PlanException(
                    $"Option '{option.Name}' of {live} cannot be {value.Text}{Source(option.Name)}: {error.InnerException!.Message}",
                    error.InnerException
                );
            }
        }

        foreach (var option in options)
        {
            if (option.Violation(live.Part, Source(option.Name)) is { } violation)
            {
                throw new PlanException($"Option '{option.Name}' of {live} {violation}");
            }
        }

        if (live.Part is IValidatableObject self)
        {
            foreach (var failed in self.Validate(new ValidationContext(live.Part)))
            {
                throw new PlanException($"The options of {live} contradict one another: {failed.ErrorMessage}");
            }
        }
    }

    private string Source(string name) =>
        _values.TryGetValue(name, out var value) && value.Plugin is { } plugin
            ? $" (set for plugin '{plugin}' in {_settings.File ?? HostSettings.FileName})"
            : "";
}
