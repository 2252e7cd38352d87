namespace Tokenwright.Tests.Cli;

/// <summary>The switch between the CPU and the GPU package of ONNX Runtime, by evaluating the project: nothing is restored.</summary>
public sealed class FlavourTests
{
    private const string Cpu = "Microsoft.ML.OnnxRuntime";
    private const string Gpu = "Microsoft.ML.OnnxRuntime.Gpu";

    [Fact]
    public async Task The_flavour_selects_one_package_of_onnx_runtime()
    {
        (await Packages()).Should().Contain(Cpu).And.NotContain(Gpu);
        (await Packages("-p:OnnxRuntimeFlavor=Gpu")).Should().Contain(Gpu).And.NotContain(Cpu);
    }

    [Fact]
    public async Task Another_flavour_is_an_error_that_names_both()
    {
        var outcome = await Evaluate("-t:CheckOnnxRuntimeFlavor", "-p:OnnxRuntimeFlavor=Rocm");
        outcome.ExitCode.Should().NotBe(0);
        outcome.Out.Should().Contain("OnnxRuntimeFlavor is 'Rocm'; it must be Cpu or Gpu.");
    }

    private static async Task<string[]> Packages(params string[] properties)
    {
        var outcome = await Evaluate(["-getItem:PackageReference", .. properties]);
        outcome.ExitCode.Should().Be(0, outcome.Out);
        return
        [
            .. outcome
                .Json.GetProperty("Items")
                .GetProperty("PackageReference")
                .EnumerateArray()
                .Select(item => item.GetProperty("Identity").GetString()!),
        ];
    }

    private static async Task<Outcome> Evaluate(params string[] arguments)
    {
        string project = Path.Combine(Repository.Root, "Models", "Tokenwright.Models.csproj");
        using var process = CommandLine.Start(
            Path.GetTempPath(),
            "dotnet",
            ["msbuild", project, "-nologo", "-nodeReuse:false", .. arguments]
        );
        return await CommandLine.EndAsync(process);
    }
}
