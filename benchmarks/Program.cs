using System.Globalization;
using BenchmarkDotNet.Running;
using Tokenwright.Benchmarks.Decoding;
using Tokenwright.Benchmarks.Peer;
using Tokenwright.Benchmarks.Speculation;
using Tokenwright.Host;

// own-time MODEL [STEPS]     what a step costs outside ONNX Runtime, plain and with a tree of 16 nodes
// start-up EXECUTABLE        from the start of the process to the first token
// peer MODEL... --peer COMMAND  plain decoding beside another engine
// decode MODEL ...           our side of that, started by it
// precision MODEL [TEXT]     what 8 and 4 bits do to logits and perplexity
// plain-speed MODEL          decoding with every precision, with and without a tree bias
// memory MODEL               what importing and running take
// speculation MODEL PROMPTS  every decoding method beside plain decoding
// anything else              BenchmarkDotNet: --filter *Pick*
try
{
    switch (args)
    {
        case ["own-time", var model, .. var steps]:
            await OwnTime.RunAsync(model, steps is [var count] ? int.Parse(count, CultureInfo.InvariantCulture) : 200);
            break;
        case ["speculation", .. var arguments]:
            await SpeculationBenchmark.RunAsync(SpeculationSettings.Parse(arguments));
            break;
        case ["decode", var model, .. var arguments]:
            await OwnDecoding.RunAsync(model, arguments);
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
        case ["memory", var model]:
            Memory.Run(model);
            break;
        case ["memory-of", var task, var model, var precision, var cache]:
            await Memory.RunChildAsync(task, model, precision, cache);
            break;
        case ["start-up", .. var command]:
            StartUp.Run(command);
            break;
        default:
            BenchmarkSwitcher.FromAssembly(typeof(OwnTime).Assembly).Run(args);
            break;
    }
}
catch (Exception error) when (error is ArgumentException or FileNotFoundException or PlanException)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

return 0;
