using Microsoft.ML.OnnxRuntime;

namespace Tokenwright.Models.Runtime;

/// <summary>The process's one ONNX Runtime environment, with one thread pool for all sessions.</summary>
/// <remarks>
/// Sessions with pools of their own fight through spinning threads: a draft and a target together ran 1.5–1.7× slower than the sum of
/// the parts, and at 0.75–0.9× of it over one global pool (ONNX Runtime 1.31, two cores).
/// </remarks>
public static class OnnxEnvironment
{
    private static readonly Lock Gate = new();
    private static bool _ownsPool;
    private static int _threads;

    /// <summary>Threads of the pool; 0 before the first session.</summary>
    public static int Threads => _threads;

    /// <summary>Creates the environment on first use. Later calls cannot change the number of threads.</summary>
    /// <param name="threads">Threads of the pool; null takes one per core.</param>
    /// <exception cref="InvalidOperationException">The pool exists with another number of threads.</exception>
    public static void Start(int? threads)
    {
        lock (Gate)
        {
            if (_threads > 0)
            {
                if (threads is { } wanted && wanted != _threads)
                {
                    throw new InvalidOperationException(
                        $"The process runs on {_threads} threads; {wanted} cannot be had any more. Set the number before the first model is opened."
                    );
                }

                return;
            }

            _threads = threads ?? Environment.ProcessorCount;
            ArgumentOutOfRangeException.ThrowIfLessThan(_threads, 1, nameof(threads));

            // A host application may have created the environment already: then sessions bring their own pools and stop spinning early.
            _ownsPool = !OrtEnv.IsCreated;
            if (_ownsPool)
            {
                using var pool = new OrtThreadingOptions
                {
                    GlobalIntraOpNumThreads = _threads,
                    GlobalInterOpNumThreads = 1,
                    GlobalSpinControl = true,
                };
                var options = new EnvironmentCreationOptions
                {
                    logId = "tokenwright",
                    logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
                    threadOptions = pool,
                };
                OrtEnv.CreateInstanceWithOptions(ref options);
            }
        }
    }

    /// <summary>Refuses a provider that this build lacks, before anything is built for it.</summary>
    /// <exception cref="InvalidOperationException">This build has no such provider.</exception>
    public static void Check(ExecutionProvider provider)
    {
        if (provider == ExecutionProvider.Cuda && !OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
        {
            throw new InvalidOperationException(
                "The provider cuda is not in this build: it has the CPU flavour of ONNX Runtime. Build with -p:OnnxRuntimeFlavor=Gpu, or use --provider cpu."
            );
        }
    }

    /// <summary>Session options that use the pool. The caller disposes them.</summary>
    /// <param name="provider">Where the model runs; <see cref="Check"/> comes first.</param>
    public static SessionOptions CreateSessionOptions(ExecutionProvider provider)
    {
        var options = new SessionOptions { ExecutionMode = ExecutionMode.ORT_SEQUENTIAL };
        if (_ownsPool)
        {
            options.DisablePerSessionThreads();
        }
        else
        {
            options.IntraOpNumThreads = _threads;
            options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        }

        if (provider == ExecutionProvider.Cuda)
        {
            options.AppendExecutionProvider_CUDA();
        }

        return options;
    }
}

/// <summary>Where a model runs.</summary>
public enum ExecutionProvider
{
    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU; needs the GPU flavour of the package.</summary>
    Cuda,
}
