using BenchmarkDotNet.Running;
using Tokenwright.Benchmarks.Decoding;
using Tokenwright.Benchmarks.Peer;

// own-time [MODEL FOLDER]    what a step costs outside ONNX Runtime
// start-up EXECUTABLE        from the start of the process to the first token
// peer MODEL... --peer COMMAND  plain decoding beside another engine
// anything else              BenchmarkDotNet: --filter *Pick*
switch (args)
{
    case ["own-time", var folder]:
        await OwnTime.RunAsync(folder);
        break;
    case ["peer", .. var arguments]:
        await new PeerComparison(PeerSettings.Parse(arguments)).RunAsync();
        break;
    case ["start-up", .. var command]:
        StartUp.Run(command);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(OwnTime).Assembly).Run(args);
        break;
}
