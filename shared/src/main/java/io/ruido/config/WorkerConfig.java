package io.ruido.config;

import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Settings of workers. Part of {@link RuidoConfig}. */
public interface WorkerConfig {
    /** Data types, spelled as in settings and on the command line. */
    enum Dtype {
        float32,
        float16,
        bfloat16
    }

    /** Engines, spelled as in settings and on the command line. */
    enum Engine {
        eager,
        plan
    }

    /**
     * The number of images of each model that are denoised at a time. The worker takes a few more, which start when
     * others are decoded.
     */
    @WithDefault("16")
    @WithConverter(Converters.Positive.class)
    int slots();

    /** The number of prompts that are encoded at a time. */
    @WithDefault("2")
    @WithConverter(Converters.Positive.class)
    int promptSlots();

    /** Folder with one diffusers folder for each model; {@code models} in the folder RUIDO_HOME when absent. */
    Path models();

    /**
     * The source of models, such as {@code s3://bucket/models}. The worker downloads them into the folder before it
     * starts, and keeps files with the right checksum. When absent, the folder has them already.
     */
    Optional<URI> modelSource();

    /** The models to fetch and serve; all when absent. */
    Optional<List<String>> modelNames();

    /** The LoRA files that jobs can name: a folder, or a bucket such as {@code s3://bucket/loras}; none when absent. */
    Optional<String> loras();

    /** The embeddings (textual inversion) that prompts can name: a folder or a bucket; none when absent. */
    Optional<String> embeddings();

    /** Torch's threads for one operation; one for each processor of the JVM when absent. */
    Optional<Integer> threads();

    /**
     * The device of all models of the worker: {@code cpu}, {@code cuda}, or one of several GPUs, such as
     * {@code cuda:1}.
     */
    @WithDefault("cpu")
    String device();

    /** The type of the weights and of the computation. */
    @WithDefault("float32")
    Dtype dtype();

    /**
     * Executes the calls of denoisers and autoencoders: torch, layer by layer, or ONNX Runtime, as one graph, for
     * models that support it.
     */
    @WithDefault("plan")
    Engine engine();

    @WithDefault("127.0.0.1")
    String metricsHost();

    /** The port for metrics and probes; 0 takes a free port, and there is none when absent. */
    @WithConverter(Converters.Port.class)
    Optional<Integer> metricsPort();

    @WithDefault("PT10M")
    @WithConverter(Converters.PositiveDuration.class)
    Duration conditioningTtl();

    /**
     * The number of steps between two checkpoints of an image. At most this many steps are lost when a worker is
     * killed.
     */
    @WithDefault("5")
    @WithConverter(Converters.Positive.class)
    int checkpointEvery();

    /**
     * The time for which the checkpoint of an unfinished image is kept; later the image restarts from its first step.
     */
    @WithDefault("PT1H")
    @WithConverter(Converters.PositiveDuration.class)
    Duration checkpointTtl();
}
