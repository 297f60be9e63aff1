package io.ruido.gateway.connections;

import io.netty.channel.Channel;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.impl.transports.TransportInternal;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.transport.Transport;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.PlatformHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections that have had no request in progress for some time, and limits the number of all connections. Vert.x
 * has no such limit, and its own idle timeout would also cut off a request that waits long for its answer. WebSockets are
 * not closed: they have pings.
 *
 * <p>A connection is known from the moment it is accepted, even if its client never sends anything. When there are too many
 * connections, one is closed for each new one: of the address with the most connections, the one that has been idle
 * longest. So a client that opens many closes its own. If none is idle, the new connection is closed.
 */
public final class IdleConnections implements PlatformHandler {
    private static final Logger log = LoggerFactory.getLogger(IdleConnections.class);

    /** The time for a slow client to receive what has been written. */
    private static final int DRAIN_MINUTES = 10;

    private static final long LOG_AGAIN_AFTER = Duration.ofMinutes(1).toNanos();

    private final Duration timeout;
    private final int limit;
    private final Map<Ends, Connection> connections = new HashMap<>();

    /** How many connections an address has that are not being closed. */
    private final Map<String, Integer> open = new HashMap<>();

    /** By address, the connection first that has been idle longest. */
    private final Map<String, SequencedSet<Connection>> idle = new HashMap<>();

    private int closing;
    private long loggedAt = System.nanoTime() - LOG_AGAIN_AFTER;

    /**
     * @param timeout after which a connection without a request in progress is closed
     * @param limit of all connections
     */
    public IdleConnections(Duration timeout, int limit) {
        this.timeout = timeout;
        this.limit = limit;
    }

    /** Both ends of a connection. A client can use one port for connections to several addresses of this machine. */
    private record Ends(String client, int clientPort, String server, int serverPort) {
        static Ends of(Channel channel) {
            InetSocketAddress client = (InetSocketAddress) channel.remoteAddress();
            InetSocketAddress server = (InetSocketAddress) channel.localAddress();
            return new Ends(
                    client.getAddress().getHostAddress(),
                    client.getPort(),
                    server.getAddress().getHostAddress(),
                    server.getPort());
        }

        static Ends of(HttpConnection http) {
            SocketAddress client = http.remoteAddress(true);
            SocketAddress server = http.localAddress(true);
            return new Ends(client.hostAddress(), client.port(), server.hostAddress(), server.port());
        }
    }

    private static final class Connection {
        private final String address;
        private Runnable close;
        private int requests;
        private long idleSince;
        private boolean closing;
        private boolean closed;

        Connection(String address, Runnable close) {
            this.address = address;
            this.close = close;
        }
    }

    /** The transport that Vert.x needs, so that connections are known from the moment they are accepted. */
    public Transport transport() {
        return new TransportInternal("nio", true, null, new AcceptingTransport(this));
    }

    /** Counts a new connection until it is closed; returns false if there is no room for it. */
    synchronized boolean accept(Channel channel) {
        if (connections.size() - closing >= limit) {
            logLimit();
            if (idle.isEmpty()) {
                return false;
            }
            Connection next = nextToClose();
            // Those of its own address that have no event loop yet cannot be closed; they must not close another's.
            if (open(Ends.of(channel).client()) > open(next.address)) {
                return false;
            }
            close(next);
        }
        // The number of those that are being closed is limited too, so that a flood cannot outrun the closing.
        if (connections.size() >= limit + limit / 3) {
            return false;
        }
        Ends ends = Ends.of(channel);
        Connection connection = new Connection(ends.client(), channel::close);
        connections.put(ends, connection);
        open.merge(ends.client(), 1, Integer::sum);
        channel.closeFuture().addListener(_ -> closed(ends, connection));
        return true;
    }

    private void logLimit() {
        if (System.nanoTime() - loggedAt >= LOG_AGAIN_AFTER) {
            loggedAt = System.nanoTime();
            log.warn("{} connections are open, the most that are allowed; closing idle and new ones", limit);
        }
    }

    /** Where several addresses have the most connections, the one that has been idle longest of theirs. */
    private Connection nextToClose() {
        long now = System.nanoTime();
        return Collections.max(
                        idle.values(),
                        Comparator.<SequencedSet<Connection>>comparingInt(
                                        ofAddress -> open(ofAddress.getFirst().address))
                                .thenComparing(ofAddress -> now - ofAddress.getFirst().idleSince))
                .getFirst();
    }

    private int open(String address) {
        return open.getOrDefault(address, 0);
    }

    private void isNoLongerOpen(Connection connection) {
        open.computeIfPresent(connection.address, (_, count) -> count == 1 ? null : count - 1);
    }

    private void close(Connection connection) {
        removeIdle(connection);
        if (!connection.closing) {
            connection.closing = true;
            closing++;
            isNoLongerOpen(connection);
        }
        connection.close.run();
    }

    /** Notes that a connection has its event loop, and can be closed. */
    synchronized void registered(Channel channel) {
        Connection connection = connections.get(Ends.of(channel));
        // It is absent if its client has closed it in the meantime.
        if (connection != null) {
            addIdle(connection);
        }
    }

    private synchronized void closed(Ends ends, Connection connection) {
        connection.closed = true;
        if (connection.closing) {
            closing--;
        } else {
            isNoLongerOpen(connection);
        }
        connections.remove(ends, connection);
        removeIdle(connection);
    }

    private void addIdle(Connection connection) {
        connection.idleSince = System.nanoTime();
        idle.computeIfAbsent(connection.address, _ -> new LinkedHashSet<>()).addLast(connection);
    }

    private void removeIdle(Connection connection) {
        idle.computeIfPresent(connection.address, (_, others) -> {
            others.remove(connection);
            return others.isEmpty() ? null : others;
        });
    }

    /** Notes that a connection speaks HTTP, and is closed accordingly. */
    public synchronized void opened(HttpConnection http) {
        Connection connection = connections.get(Ends.of(http));
        if (connection != null) {
            connection.close = () -> http.shutdown(DRAIN_MINUTES, TimeUnit.MINUTES);
        }
    }

    /** Returns the time between two calls of {@link #closeExpired}. */
    public Duration interval() {
        return timeout.dividedBy(10);
    }

    /** Closes the connections that have been idle for too long. */
    public synchronized void closeExpired() {
        long now = System.nanoTime();
        idle.values().stream()
                .flatMap(connections ->
                        connections.stream().takeWhile(connection -> now - connection.idleSince > timeout.toNanos()))
                .toList()
                .forEach(this::close);
    }

    @Override
    public void handle(RoutingContext ctx) {
        requestBegins(ctx);
        ctx.next();
    }

    private synchronized void requestBegins(RoutingContext ctx) {
        Connection connection = connections.get(Ends.of(ctx.request().connection()));
        if (connection != null) {
            connection.requests++;
            removeIdle(connection);
            ctx.addEndHandler(_ -> requestEnds(connection));
        }
    }

    private synchronized void requestEnds(Connection connection) {
        connection.requests--;
        if (connection.requests == 0 && !connection.closed) {
            addIdle(connection);
        }
    }
}
