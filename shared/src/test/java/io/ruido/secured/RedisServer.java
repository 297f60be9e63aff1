package io.ruido.secured;

import io.lettuce.core.RedisClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real Redis without users and data, as a master or replica. */
final class RedisServer implements AutoCloseable {
    private final Process process;
    private final int port;

    private RedisServer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    static RedisServer start(String executable, Path folder, String... more) throws IOException {
        Files.createDirectories(folder);
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(
                executable,
                "--port",
                String.valueOf(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder.toString(),
                "--save",
                "",
                "--repl-diskless-sync-delay",
                "0"));
        command.addAll(List.of(more));
        RedisServer server = new RedisServer(
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile())
                        .start(),
                port);
        RedisClient client = RedisClient.create("redis://127.0.0.1:" + port);
        Sentinel.await(() -> client.connect().sync().ping().equals("PONG"));
        client.shutdown();
        return server;
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            return socket.getLocalPort();
        }
    }

    int port() {
        return port;
    }

    String portText() {
        return String.valueOf(port);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
