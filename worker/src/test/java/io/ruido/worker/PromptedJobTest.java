package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.AddOn;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import io.ruido.model.Golden;
import io.ruido.redis.AddOnRegistry;
import io.ruido.redis.Redis;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs with prompts in AUTOMATIC1111's language, and with low-rank additions. */
@Timeout(120)
class PromptedJobTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden").toAbsolutePath();
    private static final String MODEL = "stable-diffusion";

    private static Servers servers;
    private static Worker worker;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        Path models = Files.createDirectories(folder.resolve("models"));
        Files.createSymbolicLink(
                models.resolve(MODEL), GOLDEN.resolve("pipelines").resolve(MODEL));
        servers = Servers.start(
                folder,
                models,
                MODEL,
                Map.of(
                        "ruido.worker.loras", loras(folder).toString(),
                        "ruido.worker.embeddings", GOLDEN.resolve("embeddings").toString()));
        worker = servers.worker();
    }

    /** Those of the goldens, and one that is too large for any number. */
    private static Path loras(Path folder) throws IOException {
        Path loras = Files.createDirectories(folder.resolve("loras"));
        Golden.copy(GOLDEN.resolve("loras"), loras);
        try (NDManager manager = Torch.newManager()) {
            String module = "unet.down_blocks.0.attentions.0.proj_in.";
            NDArray huge = manager.ones(new Shape(4, 4)).mul(1e30);
            SafeTensors.write(
                    loras.resolve("huge.safetensors"),
                    Map.of(module + "lora_A.weight", huge, module + "lora_B.weight", huge.duplicate()),
                    DataType.FLOAT32);
        }
        return loras;
    }

    @AfterAll
    static void stop() {
        worker.close();
        servers.close();
    }

    private static PromptJob submit(String prompt, PromptSyntax syntax, LoraUse... loras) {
        SamplingParams params = new SamplingParams(MODEL, 16, 16, 5, 4, "ddim", 7);
        return servers.submit(prompt, 1, params.with(new Prompting(syntax, 0, List.of(loras))));
    }

    private static byte[] picture(PromptJob job) throws IOException {
        servers.awaitState(job.jobId(), JobState.SUCCEEDED);
        byte[] png = servers.picture(job, 0);
        int data = new String(png, StandardCharsets.ISO_8859_1).indexOf("IDAT");
        return Arrays.copyOfRange(png, data, png.length);
    }

    @Test
    void jobsWithDifferentAdditionsRunBesideEachOtherAndEachHasItsOwn() throws IOException {
        List<PromptJob> jobs = List.of(
                submit("a red apple", PromptSyntax.PLAIN),
                submit("a red apple", PromptSyntax.PLAIN, new LoraUse("alpha-in-metadata", 1)),
                submit("a red apple", PromptSyntax.PLAIN, new LoraUse("alpha-in-metadata", 0.5)),
                submit("a red apple", PromptSyntax.PLAIN, new LoraUse("weight-decomposed", 1)),
                submit("a red apple", PromptSyntax.PLAIN, new LoraUse("biased", 1), new LoraUse("convolutions", 0.3)));
        byte[][] together = new byte[jobs.size()][];
        for (int i = 0; i < together.length; i++) {
            together[i] = picture(jobs.get(i));
        }

        assertThat(List.of(together)).doesNotHaveDuplicates();
        assertThat(picture(submit("a red apple", PromptSyntax.PLAIN, new LoraUse("alpha-in-metadata", 1))))
                .isEqualTo(together[1]);
        assertThat(picture(submit(
                        "a red apple<lora:alpha-in-metadata:1>",
                        PromptSyntax.A1111,
                        new LoraUse("alpha-in-metadata", 1))))
                .isEqualTo(together[1]);
    }

    @Test
    void anAdditionThatIsNotThereFailsTheJobByName() {
        PromptJob job = submit("an apple", PromptSyntax.PLAIN, new LoraUse("plums", 1));

        assertThat(servers.awaitState(job.jobId(), JobState.FAILED).error())
                .contains("loras: this worker has no plums in ruido.worker.loras");
    }

    @Test
    void aJobWhoseValuesAreNoLongerNumbersFailsWithTheReason() {
        PromptJob job = submit("an apple", PromptSyntax.PLAIN, new LoraUse("huge", 1));

        assertThat(servers.awaitState(job.jobId(), JobState.FAILED).error())
                .startsWith("after step 1 of 5 the latents have values that are not finite");
    }

    @Test
    void theFilesAreAnnounced() {
        try (Redis redis = Redis.connect(servers.config.redis())) {
            List<AddOn> known =
                    AddOnRegistry.ofLoras(redis).list().toCompletableFuture().join();

            assertThat(known).extracting(AddOn::name).contains("alpha-in-metadata", "two-ranks");
            assertThat(AddOnRegistry.ofEmbeddings(redis)
                            .list()
                            .toCompletableFuture()
                            .join())
                    .extracting(AddOn::name)
                    .contains("toy", "ink");
        }
    }

    @Test
    void whatIsCutOffOfAPromptIsToldByTheJobAndItsEvents() {
        PromptJob job = submit("a b c d e f g h i j k l m n o p", PromptSyntax.PLAIN);
        List<JobEvent> events = servers.watch(job.jobId());

        String warning = "prompt: the last 2 tokens are cut off because the model takes 14: \"o p\"";
        assertThat(servers.awaitState(job.jobId(), JobState.SUCCEEDED).warnings())
                .containsExactly(warning);
        await().untilAsserted(() -> assertThat(events)
                .filteredOn(JobEvent.Warnings.class::isInstance)
                .singleElement()
                .satisfies(event ->
                        assertThat(((JobEvent.Warnings) event).messages()).containsExactly(warning)));
    }

    @Test
    void aLongPromptInTheOtherSyntaxIsReadToItsEnd() throws IOException {
        PromptJob whole = submit("a b c d e f g h i j k l m n o p", PromptSyntax.A1111);
        PromptJob cut = submit("a b c d e f g h i j k l m n", PromptSyntax.A1111);

        assertThat(picture(whole)).isNotEqualTo(picture(cut));
        assertThat(servers.status(whole.jobId()).warnings()).isEmpty();
    }

    @Test
    void aPromptNamesAnEmbeddingInTheOtherSyntaxOnly() throws IOException {
        byte[] named = picture(submit("a toy", PromptSyntax.A1111));

        assertThat(named).isNotEqualTo(picture(submit("a toy", PromptSyntax.PLAIN)));
        assertThat(named).isNotEqualTo(picture(submit("a joy", PromptSyntax.A1111)));
        assertThat(picture(submit("a joy", PromptSyntax.A1111)))
                .isEqualTo(picture(submit("a joy", PromptSyntax.PLAIN)));
    }
}
