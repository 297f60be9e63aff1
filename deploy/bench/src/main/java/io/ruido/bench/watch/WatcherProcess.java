package io.ruido.bench.watch;

import io.ruido.job.JobJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@link Watchers} in a process of their own. */
final class WatcherProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final Writer questions;

    private WatcherProcess(Process process) {
        this.process = process;
        this.answers = process.inputReader();
        this.questions = process.outputWriter();
    }

    /**
     * Returns when all watchers are connected.
     *
     * @param stalled number of watchers that read nothing
     */
    static WatcherProcess start(int port, int watchers, int stalled, List<String> jobs) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Watchers.class.getName(),
                String.valueOf(port),
                String.valueOf(watchers),
                String.valueOf(stalled)));
        command.addAll(jobs);
        WatcherProcess started = new WatcherProcess(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
        try {
            started.answer();
            return started;
        } catch (IOException | RuntimeException e) {
            started.close();
            throw e;
        }
    }

    /** Returns what the watchers have received since the last call. */
    Watchers.Seen seen() throws IOException {
        questions.write("seen\n");
        questions.flush();
        return answer();
    }

    private Watchers.Seen answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the watchers' process has ended");
        }
        return JobJson.read(line, Watchers.Seen.class);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
