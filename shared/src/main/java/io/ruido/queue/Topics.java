package io.ruido.queue;

import io.ruido.config.RuidoConfig.KafkaConfig;
import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;

/** Every topic and share group by name, and how they are created. */
public final class Topics {
    public static final String PROMPT = "ruido.prompt";
    public static final String DEAD_LETTER = "ruido.dead-letter";

    /** Share group of the prompt stages. */
    public static final String PROMPT_GROUP = "ruido-prompt";

    /** Share group of the sampling stages. */
    public static final String SAMPLING_GROUP = "ruido-sampling";

    private Topics() {}

    /** The queue of a model. Who is next was decided before, so it has none for each priority. */
    public static String sampling(String model) {
        return "ruido.sampling." + model;
    }

    static String of(Job job) {
        return switch (job) {
            case PromptJob prompt -> PROMPT;
            case SamplingJob sampling -> sampling(sampling.params().model());
        };
    }

    /**
     * Creates what is missing: idempotent. Share groups are told to start at the oldest job: by default they would skip
     * what was queued before their first worker came.
     *
     * @param models whose queues are needed
     */
    public static void create(KafkaConfig config, Collection<String> models) {
        List<NewTopic> topics = Stream.concat(
                        Stream.of(PROMPT, DEAD_LETTER), models.stream().map(Topics::sampling))
                .map(name -> new NewTopic(name, config.partitions(), (short) config.replicationFactor()))
                .toList();
        Map<ConfigResource, Collection<AlterConfigOp>> groups =
                Map.of(group(PROMPT_GROUP), fromTheOldest(), group(SAMPLING_GROUP), fromTheOldest());
        Duration timeout = config.timeout();
        try (Admin admin = Admin.create(KafkaClients.common(config))) {
            List<ExecutionException> failed = new ArrayList<>();
            for (var creation : admin.createTopics(topics).values().values()) {
                try {
                    creation.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof TopicExistsException)) {
                        failed.add(e);
                    }
                }
            }
            if (!failed.isEmpty()) {
                throw new IllegalStateException(
                        "cannot create topics " + topics, failed.getFirst().getCause());
            }
            admin.incrementalAlterConfigs(groups).all().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("cannot prepare Kafka's topics and share groups", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while preparing Kafka's topics", e);
        }
    }

    private static ConfigResource group(String name) {
        return new ConfigResource(ConfigResource.Type.GROUP, name);
    }

    private static List<AlterConfigOp> fromTheOldest() {
        return List.of(
                new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET));
    }
}
