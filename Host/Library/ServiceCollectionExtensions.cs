using Microsoft.Extensions.DependencyInjection;

namespace Tokenwright.Host;

/// <summary>Registers Tokenwright with a container.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Adds <see cref="TokenwrightOptions"/> and one <see cref="TokenwrightHost"/>, loaded when it is first asked for.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options. An <see cref="IModelLibrary"/> among the services is used where they name none.</param>
    public static IServiceCollection AddTokenwright(
        this IServiceCollection services,
        Action<TokenwrightOptions>? configure = null
    )
    {
        services.AddSingleton(provider =>
        {
            var options = new TokenwrightOptions { Models = provider.GetService<IModelLibrary>() };
            configure?.Invoke(options);
            return options;
        });
        services.AddSingleton(provider => TokenwrightHost.Load(provider.GetRequiredService<TokenwrightOptions>()));
        return services;
    }
}
