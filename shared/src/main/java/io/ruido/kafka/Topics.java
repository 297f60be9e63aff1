package io.ruido.kafka;

import io.ruido.config.RuidoConfig.KafkaConfig;
import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.telemetry.RootCause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * The names of all topics, and their creation. A share group has the name of its topic. The queue in Redis has already
 * decided the order, so there are no topics for priorities.
 */
public final class Topics {
    public static final String DEAD_LETTER = "ruido.dead-letter";

    private Topics() {}

    /** Returns the topic of a model's prompt jobs, whose prompts have to be encoded. */
    public static String prompt(String model) {
        return "ruido.prompt." + model;
    }

    /** Returns the topic of a model's sampling jobs, whose images have to be denoised. */
    public static String sampling(String model) {
        return "ruido.sampling." + model;
    }

    static String of(Job job) {
        String model = job.params().model();
        return switch (job) {
            case PromptJob prompt -> prompt(model);
            case SamplingJob sampling -> sampling(model);
        };
    }

    /**
     * Creates missing topics; idempotent. Share groups start at the oldest record: by default they would skip records
     * published before their first worker started. A topic has one partition, because the group's assignor distributes
     * partitions among slots and does not move them to idle ones.
     *
     * @param models the models whose topics are needed
     * @throws IllegalStateException when Kafka does not answer, refuses, or has a queue of several partitions; the
     *     message says which
     */
    public static void create(KafkaConfig config, Collection<String> models) {
        List<String> queues = models.stream()
                .flatMap(model -> Stream.of(prompt(model), sampling(model)))
                .toList();
        List<NewTopic> topics = Stream.concat(Stream.of(DEAD_LETTER), queues.stream())
                .map(name -> new NewTopic(name, 1, (short) config.replicationFactor()))
                .toList();
        Map<ConfigResource, Collection<AlterConfigOp>> groups =
                queues.stream().collect(Collectors.toMap(Topics::group, queue -> fromTheOldest()));
        Duration timeout = config.timeout();
        try (Admin admin = Admin.create(KafkaClients.common(config))) {
            List<String> existed = new ArrayList<>();
            List<ExecutionException> failed = new ArrayList<>();
            for (var creation : admin.createTopics(topics).values().entrySet()) {
                try {
                    creation.getValue().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof TopicExistsException) {
                        existed.add(creation.getKey());
                    } else {
                        failed.add(e);
                    }
                }
            }
            if (!failed.isEmpty()) {
                throw failed.getFirst();
            }
            existed.retainAll(queues);
            admin.describeTopics(existed)
                    .allTopicNames()
                    .get(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .values()
                    .forEach(Topics::checkPartitions);
            admin.incrementalAlterConfigs(groups).all().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "cannot prepare topics and share groups of Kafka at %s: no answer within %d ms"
                            .formatted(address(config), timeout.toMillis()),
                    e);
        } catch (ExecutionException | KafkaException e) {
            throw new IllegalStateException(
                    "cannot prepare topics and share groups of Kafka at %s: %s"
                            .formatted(address(config), RootCause.message(e)),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while preparing Kafka's topics", e);
        }
    }

    private static String address(KafkaConfig config) {
        return config.bootstrapServers().orElseThrow();
    }

    private static void checkPartitions(TopicDescription queue) {
        int partitions = queue.partitions().size();
        if (partitions != 1) {
            throw new IllegalStateException(
                    "topic %s has %d partitions: a queue must have one, or jobs wait beside idle slots"
                            .formatted(queue.name(), partitions));
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
