using System.Text.Json;

namespace Tokenwright.Host;

/// <summary>Writes every step as one line of JSON. The file appears, whole, when this is disposed; without a step there is none.</summary>
/// <remarks>
/// A line: "step" from 0; "position", the tokens committed before it; "tokens", "parents" (−1 for the root) and "scores" (log-scores) of
/// the draft tree by node, the root first; "kept" nodes, the root first; "emitted" tokens; "ms", the milliseconds spent on "draft" (learning
/// from the step included), "model" (the forward, the prompt's included), "shape" and "verify".
/// </remarks>
public sealed class TraceFile : ITrace, IDisposable
{
    private readonly string _path;
    private readonly string _part;
    private readonly FileStream _stream;
    private readonly Utf8JsonWriter _json;
    private int _steps;
    private TimeSpan _draft;
    private TimeSpan _model;
    private TimeSpan _shape;
    private TimeSpan _verify;

    /// <summary>Starts a trace.</summary>
    /// <param name="path">The file; one that exists is replaced at the end.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public TraceFile(string path)
    {
        _path = path;
        _part = path + ".part";
        _stream = File.Create(_part);
        _json = new Utf8JsonWriter(_stream);
    }

    /// <inheritdoc/>
    public void Record(Generation generation, in Observation step)
    {
        var tree = step.Tree!;
        _json.WriteStartObject();
        _json.WriteNumber("step", _steps++);
        _json.WriteNumber("position", generation.Tokens.Length - step.Emitted.Length);
        _json.WriteStartArray("tokens");
        for (int node = 0; node < tree.Count; node++)
        {
            _json.WriteNumberValue(tree.Token(node));
        }

        _json.WriteEndArray();
        _json.WriteStartArray("parents");
        for (int node = 0; node < tree.Count; node++)
        {
            _json.WriteNumberValue(tree.Parent(node));
        }

        _json.WriteEndArray();
        _json.WriteStartArray("scores");
        for (int node = 0; node < tree.Count; node++)
        {
            // JSON knows no infinity.
            _json.WriteNumberValue(float.IsFinite(tree.Score(node)) ? tree.Score(node) : float.MinValue);
        }

        _json.WriteEndArray();
        Write("kept", step.Kept);
        Write("emitted", step.Emitted);
        _json.WriteStartObject("ms");
        var statistics = generation.Statistics;
        Write("draft", statistics.Draft, ref _draft);
        Write("model", statistics.Prefill + statistics.Model, ref _model);
        Write("shape", statistics.Shape, ref _shape);
        Write("verify", statistics.Verify, ref _verify);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _stream.WriteByte((byte)'\n');
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json.Dispose();
        _stream.Dispose();
        if (_steps > 0 && File.Exists(_part))
        {
            File.Move(_part, _path, overwrite: true);
        }

        File.Delete(_part);
    }

    private void Write(string name, ReadOnlySpan<int> values)
    {
        _json.WriteStartArray(name);
        foreach (int value in values)
        {
            _json.WriteNumberValue(value);
        }

        _json.WriteEndArray();
    }

    private void Write(string name, TimeSpan total, ref TimeSpan before)
    {
        _json.WriteNumber(name, (total - before).TotalMilliseconds);
        before = total;
    }
}
