package io.ruido.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs {@link ServerMain} in a JVM of its own, so that a test can kill it without a farewell. */
final class ServerJvm implements AutoCloseable {
    private final Process process;
    private final String answer;

    private ServerJvm(Process process, String answer) {
        this.process = process;
        this.answer = answer;
    }

    static ServerJvm start(String role, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ServerMain.class.getName(),
                role));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String line;
        do {
            line = process.inputReader().readLine();
        } while (line != null && !line.startsWith(ServerMain.ANSWER));
        if (line == null) {
            throw new IllegalStateException(
                    role + " ended with status " + process.onExit().join().exitValue());
        }
        return new ServerJvm(process, line.substring(ServerMain.ANSWER.length()));
    }

    /** What the other JVM has to say: the address of its server, or the record that it holds. */
    String answer() {
        return answer;
    }

    /** {@code kill -9}. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** {@code kill -9} of this JVM and of all its child processes except one. */
    void killAllBut(ProcessHandle survivor) {
        var children =
                process.descendants().filter(child -> !child.equals(survivor)).toList();
        children.forEach(ProcessHandle::destroyForcibly);
        kill();
    }

    @Override
    public void close() {
        kill();
    }
}
