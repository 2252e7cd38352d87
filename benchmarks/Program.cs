using BenchmarkDotNet.Running;
using Tokenwright.Benchmarks.Decoding;
using Tokenwright.Benchmarks.Peer;

// own-time [MODEL FOLDER]    what a step costs outside ONNX Runtime
// start-up EXECUTABLE        from the start of the process to the first token
// peer MODEL... --peer COMMAND  plain decoding beside another engine
// precision MODEL [TEXT]     what 8 and 4 bits do to logits and perplexity
// plain-speed MODEL          decoding with every precision, with and without a tree bias
// anything else              BenchmarkDotNet: --filter *Pick*
switch (args)
{
    case ["own-time", var folder]:
        await OwnTime.RunAsync(folder);
        break;
    case ["peer", .. var arguments]:
        await new PeerComparison(PeerSettings.Parse(arguments)).RunAsync();
        break;
    case ["precision", var model, .. var text]:
        await Precision.RunAsync(model, text.FirstOrDefault());
        break;
    case ["plain-speed", var model]:
        await PlainSpeed.RunAsync(model);
        break;
    case ["start-up", .. var command]:
        StartUp.Run(command);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(OwnTime).Assembly).Run(args);
        break;
}
