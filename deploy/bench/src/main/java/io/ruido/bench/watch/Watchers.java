package io.ruido.bench.watch;

import io.ruido.bench.BenchClient;
import io.ruido.bench.Quantiles;
import io.ruido.job.JobJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;

/**
 * Clients that watch jobs over WebSockets. They run in a process of their own, with its own file descriptors and heap.
 * When all are connected, and then for each line on standard input, the process prints what they have received since
 * the last time.
 */
final class Watchers {
    private static final int CONNECTING_AT_A_TIME = 64;
    private static final long AT_MOST_SECONDS = 120;

    private DoubleStream.Builder delays = DoubleStream.builder();

    private Watchers() {}

    /**
     * @param steps number of steps received by all watchers together
     * @param p50 milliseconds from the time when a step was due until a watcher received it
     */
    record Seen(int steps, double p50, double p99, double max) {}

    /**
     * @param arguments gateway's port, number of watchers, number of those that do not read, and the jobs that they
     *     watch
     */
    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[1]);
        int stalled = Integer.parseInt(arguments[2]);
        List<String> jobs = List.of(arguments).subList(3, arguments.length);
        Watchers watchers = new Watchers();
        try (BenchClient client = new BenchClient(Integer.parseInt(arguments[0]), count);
                BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            watchers.connect(client, count, stalled, jobs);
            do {
                System.out.println(JobJson.write(watchers.seen()));
            } while (lines.readLine() != null);
        }
    }

    private void connect(BenchClient client, int count, int stalled, List<String> jobs)
            throws IOException, InterruptedException {
        Semaphore free = new Semaphore(CONNECTING_AT_A_TIME);
        for (int i = 0; i < count; i++) {
            acquire(free, 1, count);
            boolean reads = i >= stalled;
            client.watch(jobs.get(i % jobs.size()), this::onEvent)
                    .map(socket -> reads ? socket : socket.pause())
                    .onSuccess(connected -> free.release())
                    .onFailure(error -> System.err.println("a watcher could not connect: " + error));
        }
        acquire(free, CONNECTING_AT_A_TIME, count);
    }

    private static void acquire(Semaphore free, int places, int count) throws IOException, InterruptedException {
        if (!free.tryAcquire(places, AT_MOST_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("not all of %d watchers could connect".formatted(count));
        }
    }

    private synchronized Seen seen() {
        double[] all = delays.build().toArray();
        delays = DoubleStream.builder();
        if (all.length == 0) {
            return new Seen(0, 0, 0, 0);
        }
        Quantiles millis = Quantiles.of(DoubleStream.of(all));
        return new Seen(all.length, millis.median(), millis.at(0.99), millis.at(1));
    }

    /** Does not parse the JSON, which would take longer than everything else. */
    private void onEvent(String json) {
        long now = TimedPreview.now();
        TimedPreview.due(json).ifPresent(due -> add((now - due) / 1e3));
    }

    private synchronized void add(double delay) {
        delays.add(delay);
    }
}
