using BenchmarkDotNet.Running;
using Tokenwright.Benchmarks.Decoding;
using Tokenwright.Benchmarks.Speculation;

// own-time [MODEL FOLDER]    what a step costs outside ONNX Runtime
// start-up EXECUTABLE        from the start of the process to the first token
// speculation MODEL PROMPTS  every decoding method beside plain decoding
// anything else              BenchmarkDotNet: --filter *Pick*
switch (args)
{
    case ["own-time", var folder]:
        await OwnTime.RunAsync(folder);
        break;
    case ["speculation", .. var arguments]:
        await SpeculationBenchmark.RunAsync(SpeculationSettings.Parse(arguments));
        break;
    case ["start-up", .. var command]:
        StartUp.Run(command);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(OwnTime).Assembly).Run(args);
        break;
}
