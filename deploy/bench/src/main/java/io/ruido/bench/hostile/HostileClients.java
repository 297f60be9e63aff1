package io.ruido.bench.hostile;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** One attack of each kind on a gateway on loopback. Each call is one attempt, and ends within about ten seconds. */
final class HostileClients {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int FRAMES = 20_000;
    private static final int STALLED_MILLIS = 5_000;
    private static final byte[] PING = {(byte) 0x89, (byte) 0x80, 0, 0, 0, 0};

    private final HttpClient http = HttpClient.newHttpClient();
    private final AtomicLong invented = new AtomicLong();
    private final int port;
    private final String key;
    private final byte[] scans;
    private final byte[] slow;

    /** @param key API key of the hostile tenant */
    HostileClients(int port, String key) throws IOException {
        this.port = port;
        this.key = key;
        this.scans = manyScans(1_000);
        this.slow = manyScans(50);
    }

    /** One attempt of an attack. */
    @FunctionalInterface
    interface Attack {
        void attempt() throws IOException, InterruptedException;
    }

    /** Returns the attacks by their descriptions. */
    Map<String, Attack> attacks() {
        Map<String, Attack> attacks = new LinkedHashMap<>();
        byte[] fields = fields(60_000);
        byte[] many = fields(4_000_000);
        attacks.put("unknown fields in JSON", () -> post("/v1/jobs", "application/json", fields));
        attacks.put("unknown fields without a key", () -> post("/v1/session", "application/json", fields));
        attacks.put("large JSON", () -> post("/sdapi/v1/img2img", "application/json", many));
        attacks.put("invented methods", () -> raw("X" + invented.incrementAndGet() + " /v1/jobs HTTP/1.1\r\n"));
        attacks.put("unknown paths", () -> raw("GET /%zz HTTP/1.1\r\n"));
        attacks.put("a WebSocket that is not read", () -> flood(text("{}".getBytes(StandardCharsets.US_ASCII))));
        attacks.put("pings that are not read", () -> flood(PING));
        attacks.put("subscriptions to old jobs", () -> flood(text(subscription())));
        attacks.put("a JPEG of many scans", () -> post("/v1/uploads", "image/jpeg", scans));
        attacks.put("an upload whose client disconnects", this::leave);
        attacks.put("an upload that stalls", this::stall);
        attacks.put("jobs of many images, cancelled", this::submitAndCancel);
        attacks.put("a filtered list", () -> get("/v1/jobs?state=EXPIRED&limit=100"));
        attacks.put("progress while idle", () -> get("/sdapi/v1/progress"));
        attacks.put("interrupting others", () -> post("/sdapi/v1/interrupt", "application/json", new byte[0]));
        attacks.put("another site's page", this::crossSite);
        return attacks;
    }

    private void post(String path, String type, byte[] body) throws IOException, InterruptedException {
        http.send(
                request(path)
                        .header("Content-Type", type)
                        .POST(BodyPublishers.ofByteArray(body))
                        .build(),
                BodyHandlers.discarding());
    }

    private void get(String path) throws IOException, InterruptedException {
        http.send(request(path).build(), BodyHandlers.discarding());
    }

    private void crossSite() throws IOException, InterruptedException {
        HttpRequest request = request("/sdapi/v1/interrupt")
                .header("Origin", "https://evil.example")
                .POST(BodyPublishers.noBody())
                .build();
        http.send(request, BodyHandlers.discarding());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + key)
                .timeout(TIMEOUT);
    }

    private void raw(String requestLine) throws IOException {
        try (Socket socket = connect(requestLine, "Connection: close\r\n")) {
            socket.getInputStream().readAllBytes();
        }
    }

    private void flood(byte[] frame) throws IOException {
        try (Socket socket = connect(
                "GET /v1/ws HTTP/1.1\r\n",
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")) {
            // Writing blocks when the gateway stops reading; closing the socket unblocks it.
            Thread closing = Thread.startVirtualThread(() -> closeLater(socket));
            byte[] frames = repeated(frame);
            try {
                socket.getOutputStream().write(frames);
            } catch (IOException e) {
                // The gateway stopped reading.
            } finally {
                closing.interrupt();
            }
        }
    }

    private static void closeLater(Socket socket) {
        try (socket) {
            Thread.sleep(STALLED_MILLIS);
        } catch (InterruptedException | IOException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Uploads a different file each time, because a known one is not decoded again: bytes after a JPEG's end are
     * ignored.
     */
    private void leave() throws IOException, InterruptedException {
        byte[] end = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);
        try (Socket socket =
                connect("POST /v1/uploads HTTP/1.1\r\n", "Content-Length: " + (slow.length + end.length) + "\r\n")) {
            socket.getOutputStream().write(slow);
            socket.getOutputStream().write(end);
        }
    }

    private void submitAndCancel() throws IOException, InterruptedException {
        String job = "{\"prompt\": \"x\", \"count\": 16, \"steps\": 150, \"priority\": \"batch\"}";
        String answer = http.send(
                        request("/v1/jobs")
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(job))
                                .build(),
                        BodyHandlers.ofString())
                .body();
        Matcher id = Pattern.compile("\"id\":\"([0-9a-f-]+)\"").matcher(answer);
        if (id.find()) {
            post("/v1/jobs/" + id.group(1) + "/cancel", "application/json", new byte[0]);
        }
    }

    private void stall() throws IOException, InterruptedException {
        try (Socket socket = connect("POST /v1/uploads HTTP/1.1\r\n", "Content-Length: 10000000\r\n")) {
            socket.getOutputStream().write(new byte[9_000_000]);
            Thread.sleep(STALLED_MILLIS);
        }
    }

    private Socket connect(String requestLine, String headers) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        String head = requestLine + "Host: 127.0.0.1\r\nAuthorization: Bearer " + key + "\r\n" + headers + "\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static byte[] fields(int length) {
        StringBuilder json = new StringBuilder("{\"prompt\": \"x\"");
        for (int i = 0; json.length() < length; i++) {
            json.append(",\"k").append(i).append("\":1");
        }
        return json.append('}').toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** A subscription to a job whose id is old enough to have been forgotten (UUIDv7, RFC 9562). */
    private static byte[] subscription() {
        UUID random = UUID.randomUUID();
        UUID old = new UUID(
                0x0180_0000_0000_7000L | random.getMostSignificantBits() & 0xfff, random.getLeastSignificantBits());
        return "{\"op\":\"subscribe\",\"job\":\"%s\"}".formatted(old).getBytes(StandardCharsets.US_ASCII);
    }

    /** A text frame of fewer than 126 bytes, masked with zeros, which changes nothing (RFC 6455, section 5.2). */
    private static byte[] text(byte[] payload) {
        byte[] frame = new byte[6 + payload.length];
        frame[0] = (byte) 0x81;
        frame[1] = (byte) (0x80 | payload.length);
        System.arraycopy(payload, 0, frame, 6, payload.length);
        return frame;
    }

    private static byte[] repeated(byte[] frame) {
        byte[] frames = new byte[FRAMES * frame.length];
        for (int i = 0; i < frames.length; i += frame.length) {
            System.arraycopy(frame, 0, frames, i, frame.length);
        }
        return frames;
    }

    /** A progressive JPEG whose last scan comes again and again. */
    private static byte[] manyScans(int times) throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam settings = writer.getDefaultWriteParam();
        settings.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        try (ImageOutputStream out = ImageIO.createImageOutputStream(jpeg)) {
            writer.setOutput(out);
            writer.write(
                    null,
                    new IIOImage(new BufferedImage(2048, 2048, BufferedImage.TYPE_BYTE_GRAY), null, null),
                    settings);
        }
        writer.dispose();
        byte[] file = jpeg.toByteArray();
        int last = file.length - 2;
        while (file[last] != (byte) 0xff || file[last + 1] != (byte) 0xda) {
            last--;
        }
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(file, 0, file.length - 2);
        for (int i = 0; i < times; i++) {
            bomb.write(file, last, file.length - 2 - last);
        }
        bomb.writeBytes(Arrays.copyOfRange(file, file.length - 2, file.length));
        return bomb.toByteArray();
    }
}
