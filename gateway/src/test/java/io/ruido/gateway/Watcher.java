package io.ruido.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.job.JobJson;
import java.net.URI;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A WebSocket client that keeps what it gets. */
public final class Watcher implements WebSocket.Listener {
    public final List<JsonNode> frames = new CopyOnWriteArrayList<>();
    public final CompletableFuture<Integer> closed = new CompletableFuture<>();
    public final WebSocket socket;
    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<Void> reading;

    private Watcher(Client client, String path, CompletableFuture<Void> reading, String... headers) {
        this.reading = reading;
        WebSocket.Builder builder = client.http.newWebSocketBuilder();
        for (int i = 0; i < headers.length; i += 2) {
            builder.header(headers[i], headers[i + 1]);
        }
        this.socket = builder.buildAsync(
                        URI.create(
                                "ws" + client.address.resolve(path).toString().substring(4)),
                        this)
                .orTimeout(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    public static Watcher open(Client client, String path, String... headers) {
        return new Watcher(client, path, CompletableFuture.completedFuture(null), headers);
    }

    /** Reads nothing before {@code reading} completes. */
    public static Watcher slow(Client client, String path, CompletableFuture<Void> reading) {
        return new Watcher(client, path, reading);
    }

    @Override
    public void onOpen(WebSocket opened) {
        reading.thenRun(() -> opened.request(1));
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            try {
                frames.add(JobJson.MAPPER.readTree(text.toString()));
            } catch (JsonProcessingException e) {
                closed.completeExceptionally(e);
            }
            text.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
        closed.complete(status);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed.completeExceptionally(error);
    }

    public void send(String command) {
        socket.sendText(command, true).join();
    }

    /** The status that the server closed it with. */
    public int closeStatus() {
        return closed.orTimeout(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
    }

    public List<Long> numbers() {
        return frames.stream().map(event -> event.get("number").asLong()).toList();
    }
}
