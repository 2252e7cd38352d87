using System.CommandLine;
using System.Text.Json;
using Tokenwright.Conformance;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands.Conform;

/// <summary>The child process of <c>conform</c>: reads its work from stdin, writes a line when a clause begins and one when it ends.</summary>
internal static class WorkerCommand
{
    public const string Name = "conform-worker";

    public static Command Create() =>
        new Command(Name, "What 'conform' starts.") { Hidden = true }.Does(
            async (_, cancellation) =>
            {
                var work = JsonSerializer.Deserialize(await Console.In.ReadToEndAsync(cancellation), ConformJson.Default.Work)!;
                await using var lines = new StreamWriter(Data.Open()) { AutoFlush = true };

                // Whatever the plugin prints must not stand between the lines.
                Console.SetOut(Console.Error);
                using var plugin = PluginUnderTest.Load(work.Dll, work.Companions, work.Options);
                plugin.Models = new ModelLibrary();
                foreach (var assignment in ClauseRunner.Assignments(plugin, work.Selection))
                {
                    var begun = new Finding(assignment.Clause.Id, assignment.Subject(plugin), Outcome.Crashed);
                    if (work.Done.Contains(Work.Key(begun)))
                    {
                        continue;
                    }

                    Write(new Line(begun, IsDone: false));
                    var finding = await ClauseRunner
                        .RunAsync(plugin, assignment, work.Selection.Seed, cancellation)
                        .ConfigureAwait(false);
                    Write(new Line(finding, IsDone: true));
                }

                // A thread that the plugin left behind must not keep the process.
                await lines.FlushAsync(cancellation).ConfigureAwait(false);
                plugin.Dispose();
                Environment.Exit(ExitCode.Done);
                return ExitCode.Done;

                void Write(Line line) => lines.WriteLine(JsonSerializer.Serialize(line, ConformJson.Default.Line));
            }
        );
}
