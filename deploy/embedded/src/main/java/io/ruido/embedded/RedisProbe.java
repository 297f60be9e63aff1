package io.ruido.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Identifies a Redis that may still be starting, over a plain socket. */
final class RedisProbe {
    private static final int TIMEOUT_MILLIS = 2_000;

    private RedisProbe() {}

    /** Returns whether the server on this port is the process {@code pid} and has loaded its data. */
    static boolean serves(int port, String user, String password, String pid) {
        try (Socket socket = new Socket(Loopback.HOST, port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            String questions = "AUTH %s %s\r\nINFO\r\nQUIT\r\n".formatted(user, password);
            socket.getOutputStream().write(questions.getBytes(StandardCharsets.US_ASCII));
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .lines()
                    .toList();
            return lines.contains("process_id:" + pid) && lines.contains("loading:0");
        } catch (IOException e) {
            return false;
        }
    }
}
