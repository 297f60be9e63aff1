package io.ruido.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;

/** The one network interface that embedded servers listen on. */
final class Loopback {
    static final String HOST = "127.0.0.1";

    private Loopback() {}

    /** Binds a non-blocking server socket, to a free port when {@code port} is 0. */
    static ServerSocketChannel bind(String server, int port) {
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            try {
                channel.configureBlocking(false);
                return channel.bind(new InetSocketAddress(HOST, port));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (BindException e) {
            throw new IllegalStateException(server + ": port " + port + " on " + HOST + " is already in use", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a port that was free a moment ago. */
    static int freePort() {
        try (ServerSocketChannel channel = bind("probe", 0)) {
            return channel.socket().getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
