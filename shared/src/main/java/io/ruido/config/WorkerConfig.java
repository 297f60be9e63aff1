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
    /** Spelled as in settings and on the command line. */
    enum Dtype {
        float32,
        float16,
        bfloat16
    }

    /** Spelled as in settings and on the command line. */
    enum Engine {
        eager,
        plan
    }

    /**
     * How many images of a model the worker denoises at a time. It takes a few more, which begin when others are
     * decoded.
     */
    @WithDefault("16")
    @WithConverter(Converters.Positive.class)
    int slots();

    /** How many texts it encodes at a time. */
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

    /** The only models that are fetched and served; absent: all. */
    Optional<List<String>> modelNames();

    /**
     * The LoRA files that jobs can name: a folder, or a bucket such as {@code s3://bucket/loras}. Absent: none.
     */
    Optional<String> loras();

    /** The same for the embeddings of textual inversion. */
    Optional<String> embeddings();

    /** Torch's threads for one operation; absent: one for each processor that the JVM sees. */
    Optional<Integer> threads();

    /**
     * What all models of the worker compute on: {@code cpu}, {@code cuda}, or one of several GPUs: {@code cuda:1}.
     */
    @WithDefault("cpu")
    String device();

    /** The type of the weights and of the computation. */
    @WithDefault("float32")
    Dtype dtype();

    /**
     * What executes the calls of denoisers and autoencoders: torch layer by layer, or ONNX Runtime from a graph of all
     * layers, where there is one for the model.
     */
    @WithDefault("plan")
    Engine engine();

    @WithDefault("127.0.0.1")
    String metricsHost();

    /** The port on which a worker answers Prometheus and probes; 0 takes a free port; none when absent. */
    @WithConverter(Converters.Port.class)
    Optional<Integer> metricsPort();

    @WithDefault("PT10M")
    @WithConverter(Converters.PositiveDuration.class)
    Duration conditioningTtl();

    /** An image's state is saved after so many of its steps: as many can be lost when a worker is killed. */
    @WithDefault("5")
    @WithConverter(Converters.Positive.class)
    int checkpointEvery();

    /** How long an unfinished image can wait for another worker before it starts again. */
    @WithDefault("PT1H")
    @WithConverter(Converters.PositiveDuration.class)
    Duration checkpointTtl();
}
