package io.ruido.bench.hostile;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.bench.BenchServers;
import io.ruido.bench.Quantiles;
import io.ruido.bench.QueueBench;
import io.ruido.job.JobJson;
import io.ruido.worker.Worker;
import io.ruido.worker.models.Models;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "hostile",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = "Runs hostile clients of every kind in docs/security.md beside a tenant that submits one job per"
                + " second, on servers of its own on loopback. Reports how much longer that tenant waits, how"
                + " the heap grows, and whether a job is lost.")
public final class HostileBench implements Callable<Integer> {
    private static final String TENANT_KEY = "key-of-an-ordinary-tenant";
    private static final String HOSTILE_KEY = "key-of-a-hostile-tenant";
    private static final String JOB = "{\"prompt\": \"a red apple\", \"steps\": 4}";
    private static final int WARM_UP_SECONDS = 15;
    private static final int REPORT_EVERY_SECONDS = 60;
    private static final long JOB_AT_MOST_SECONDS = 120;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "How long the hostile clients run.",
            defaultValue = "120")
    private int seconds;

    @Option(
            names = "--alone",
            paramLabel = "N",
            description = "Seconds without hostile clients that are measured before, and again afterwards.",
            defaultValue = "60")
    private int alone;

    @Option(
            names = "--models",
            paramLabel = "FOLDER",
            description =
                    "Folder with the only model, which the ordinary tenant uses. A small one leaves the processors"
                            + " to the gateway; the bundled one when absent.",
            showDefaultValue = CommandLine.Help.Visibility.NEVER)
    private Path models;

    @Option(names = "--clients", paramLabel = "N", description = "Hostile clients of each kind.", defaultValue = "2")
    private int clients;

    @Option(
            names = "--pause",
            paramLabel = "MS",
            description = "Pause between two attempts of a hostile client.",
            defaultValue = "500")
    private int pause;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, AtomicLong> attempts = new ConcurrentHashMap<>();
    private volatile boolean attacking = true;

    /**
     * @param seconds duration of each finished job
     * @param heaps heap in megabytes at the start and every minute
     */
    private record Jobs(List<Double> seconds, int lost, List<Long> heaps) {
        Quantiles quantiles() {
            return Quantiles.of(seconds.stream().mapToDouble(Double::doubleValue));
        }
    }

    @Override
    public Integer call() throws Exception {
        Path keys = Files.createTempFile("ruido-bench-keys", ".yaml");
        try {
            Files.writeString(keys, entry("tenant", TENANT_KEY) + entry("hostile", HOSTILE_KEY));
            try (BenchServers servers = BenchServers.start(
                            models == null ? QueueBench.bundled() : models,
                            Map.of("ruido.gateway.api-keys", keys.toString()));
                    Worker _ = Worker.start(
                            servers.config(), Models.read(servers.config().worker()))) {
                return measure(servers.gatewayPort());
            }
        } finally {
            Files.delete(keys);
        }
    }

    private int measure(int port) throws Exception {
        jobs(port, WARM_UP_SECONDS, "warming up");
        Jobs before = jobs(port, alone, "alone, before");
        List<Thread> hostile = attack(new HostileClients(port, HOSTILE_KEY));
        Jobs beside = jobs(port, seconds, "beside hostile clients");
        attacking = false;
        for (Thread thread : hostile) {
            thread.join();
        }
        Jobs after = jobs(port, alone, "alone, after");
        print(before, beside, after);
        QueueBench.printMachine();
        return before.lost + beside.lost + after.lost == 0 ? 0 : 1;
    }

    private List<Thread> attack(HostileClients hostile) {
        List<Thread> threads = new ArrayList<>();
        hostile.attacks().forEach((name, attack) -> {
            AtomicLong count = attempts.computeIfAbsent(name, first -> new AtomicLong());
            for (int i = 0; i < clients; i++) {
                threads.add(Thread.startVirtualThread(() -> attack(attack, count)));
            }
        });
        return threads;
    }

    private void attack(HostileClients.Attack attack, AtomicLong count) {
        try {
            while (attacking) {
                try {
                    attack.attempt();
                } catch (IOException e) {
                    // The gateway has closed the connection, as it should.
                }
                count.incrementAndGet();
                Thread.sleep(pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Submits one job per second, however long they take. Reports progress every minute. */
    private Jobs jobs(int port, int count, String phase) throws Exception {
        List<CompletableFuture<Double>> running = new ArrayList<>();
        List<Long> heaps = new ArrayList<>(List.of(heap()));
        for (int i = 1; i <= count; i++) {
            CompletableFuture<Double> job = new CompletableFuture<>();
            running.add(job);
            Thread.startVirtualThread(() -> run(port, job));
            Thread.sleep(1_000);
            if (i % REPORT_EVERY_SECONDS == 0) {
                heaps.add(heap());
                System.err.printf(
                        "%s: %d of %d s, %d jobs are finished, heap %d MB%n",
                        phase,
                        i,
                        count,
                        running.stream().filter(CompletableFuture::isDone).count(),
                        heaps.getLast());
            }
        }
        List<Double> took = new ArrayList<>();
        int lost = 0;
        for (CompletableFuture<Double> job : running) {
            try {
                took.add(job.get(JOB_AT_MOST_SECONDS, TimeUnit.SECONDS));
            } catch (ExecutionException | TimeoutException e) {
                System.err.println("a job was lost: " + e);
                lost++;
            }
        }
        return new Jobs(took, lost, heaps);
    }

    private void run(int port, CompletableFuture<Double> job) {
        long begin = System.nanoTime();
        try {
            JsonNode status = send(request(port, "/v1/jobs")
                    .header("Content-Type", "application/json")
                    .header("Prefer", "wait=60")
                    .POST(BodyPublishers.ofString(JOB))
                    .build());
            while (!status.get("state").asText().equals("SUCCEEDED")) {
                if (List.of("FAILED", "CANCELLED", "EXPIRED")
                        .contains(status.get("state").asText())) {
                    throw new IOException("job ended as " + status);
                }
                Thread.sleep(500);
                status = send(
                        request(port, "/v1/jobs/" + status.get("id").asText()).build());
            }
            job.complete((System.nanoTime() - begin) / 1e9);
        } catch (IOException | RuntimeException e) {
            job.completeExceptionally(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException("HTTP " + answer.statusCode() + ": " + answer.body());
        }
        return JobJson.MAPPER.readTree(answer.body());
    }

    private static HttpRequest.Builder request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + TENANT_KEY)
                .timeout(Duration.ofSeconds(JOB_AT_MOST_SECONDS));
    }

    /** Returns the heap of servers and clients, which share this process, in megabytes. */
    private static long heap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20;
    }

    private void print(Jobs before, Jobs beside, Jobs after) {
        System.out.printf("%nHostile clients, %d of each kind, for %d s%n", clients, seconds);
        attempts.forEach((name, count) -> System.out.printf("  %-40s %7d attempts%n", name, count.get()));
        System.out.printf(
                "%nOne job a second of an ordinary tenant%n%-27s %7s %7s %7s %7s%n",
                "s until the job is finished", "jobs", "p50", "p95", "lost");
        row("  alone, before", before);
        row("  beside hostile clients", beside);
        row("  alone, after", after);
        Quantiles alone = Quantiles.of(
                Stream.of(before, after).flatMap(jobs -> jobs.seconds.stream()).mapToDouble(Double::doubleValue));
        System.out.printf(
                "p95 is %.2f times that of before and after together (goal: at most 2)%n",
                beside.quantiles().at(0.95) / alone.at(0.95));
        System.out.printf(
                "heap in MB, every minute: before %s, beside %s, after %s%n", before.heaps, beside.heaps, after.heaps);
    }

    private static void row(String name, Jobs jobs) {
        System.out.printf(
                "%-27s %7d %7.2f %7.2f %7d%n",
                name,
                jobs.seconds.size(),
                jobs.quantiles().median(),
                jobs.quantiles().at(0.95),
                jobs.lost);
    }

    private static String entry(String name, String key) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        return "- {name: %s, tenant: %s, sha256: \"%s\"}%n"
                .formatted(name, name, HexFormat.of().formatHex(digest));
    }
}
