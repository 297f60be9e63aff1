package io.ruido.gateway.uploads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.RawClient;
import io.ruido.gateway.Services;
import io.ruido.image.ImageFile;
import io.ruido.job.InvalidFieldException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/** Pictures and bodies that cost more than they weigh. */
class HostileUploadsTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.body-timeout", "PT15S"));

    private static final int SIDE = 4_096;

    private final Client client = SERVICES.client;

    @Test
    void aJpegOfManyScansIsRefusedBeforeItIsDecoded() throws IOException {
        byte[] bomb = withScans(progressive(SIDE), 1_700);
        long begin = System.nanoTime();

        Client.Answer answer = client.upload(bomb);

        assertThat(answer.status()).as(answer.toString()).isEqualTo(400);
        assertThat(answer.json().at("/errors/0/reason").asText()).contains("at most 64 scans");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void aProgressiveJpegIsTaken() throws IOException {
        assertThat(client.upload(progressive(300)).status()).isEqualTo(201);
    }

    @Test
    void decodingEndsWhenNobodyWaitsForThePictureAnyMore() throws IOException {
        byte[] jpeg = withScans(progressive(SIDE), 20);
        AtomicInteger asked = new AtomicInteger();
        ImageFile.read("body", jpeg, SIDE * SIDE, () -> asked.incrementAndGet() < 0);
        int half = asked.getAndSet(0) / 2;

        assertThatThrownBy(() -> ImageFile.read("body", jpeg, SIDE * SIDE, () -> asked.incrementAndGet() > half))
                .isInstanceOf(InvalidFieldException.class)
                .hasMessageContaining("the client has disconnected");

        assertThat(asked.get()).as("of %d", 2 * half).isBetween(half, half + 10);
    }

    @Test
    void thePictureOfAClientThatHasGoneIsNotKept() throws Exception {
        long begin = System.nanoTime();
        assertThat(client.upload(withScans(progressive(SIDE), 50)).status()).isEqualTo(201);
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        byte[] picture = withScans(progressive(SIDE), 51);

        try (Socket socket = new RawClient(client.address).open()) {
            socket.getOutputStream().write(head(picture.length).getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(picture);
        }
        Thread.sleep(took.multipliedBy(3));

        assertThat(client.get("/v1/uploads/" + DigestUtils.sha256Hex(picture)).status())
                .isEqualTo(404);
    }

    @Test
    void aStreamThatItsClientResetsIsNoErrorOfTheServer() throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        ListAppender<ILoggingEvent> logged = new ListAppender<>();
        logged.start();
        root.addAppender(logged);
        assertThat(client.get("/health/live").raw().version()).isEqualTo(HttpClient.Version.HTTP_2);
        try (PipedOutputStream body = new PipedOutputStream();
                InputStream end = new PipedInputStream(body, 1 << 20)) {
            body.write(new byte[600_000]);
            CompletableFuture<?> upload = client.http.sendAsync(
                    HttpRequest.newBuilder(client.address.resolve("/v1/uploads"))
                            .POST(BodyPublishers.ofInputStream(() -> end))
                            .build(),
                    BodyHandlers.discarding());
            await().untilAsserted(() -> assertThat(filesOfBodies()).isPositive());

            upload.cancel(true);

            await().untilAsserted(() -> assertThat(filesOfBodies()).isZero());
        } finally {
            root.detachAppender(logged);
        }
        assertThat(logged.list).extracting(ILoggingEvent::getLevel).doesNotContain(Level.ERROR);
    }

    @Test
    void tenantsTakeTurns() throws Exception {
        List<String> order = new ArrayList<>();
        try (var thread = Executors.newSingleThreadExecutor()) {
            FairExecutor turns = new FairExecutor(thread);
            thread.execute(() -> {
                for (int i = 0; i < 3; i++) {
                    turns.of("many").execute(() -> order.add("many"));
                }
                turns.of("one").execute(() -> order.add("one"));
            });
            thread.awaitTermination(1, TimeUnit.SECONDS);
        }

        assertThat(order).containsExactly("many", "one", "many", "many");
    }

    @Test
    void aBodyThatDoesNotComeIsGivenUp() throws IOException {
        try (Socket socket = new RawClient(client.address).open()) {
            socket.getOutputStream().write(head(1_000_000).getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(new byte[1_000]);

            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(answer).startsWith("HTTP/1.1 408").contains("body-too-late");
        }
    }

    @Test
    void bodiesThatStallTakeNoMemoryAndNothingIsLeftOfThemOnDisk() throws Exception {
        long before = used();
        List<Socket> stalled = new ArrayList<>();
        try {
            byte[] most = new byte[9_000_000];
            for (int i = 0; i < 30; i++) {
                Socket socket = new RawClient(client.address).open();
                stalled.add(socket);
                socket.getOutputStream().write(head(10_000_000).getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(most);
            }
            assertThat(used() - before).as("of 270 MB").isLessThan(100 << 20);
            await().untilAsserted(() -> assertThat(filesOfBodies()).isEqualTo(30));
            assertThat(client.get("/health/live").status()).isEqualTo(200);
            for (Socket socket : stalled.subList(0, 10)) {
                socket.close();
            }
            await().untilAsserted(() -> assertThat(filesOfBodies()).isLessThanOrEqualTo(20));
            await().until(() -> stalled.subList(10, 30).stream().allMatch(HostileUploadsTest::answered));
        } finally {
            for (Socket socket : stalled) {
                socket.close();
            }
        }
        await().untilAsserted(() -> assertThat(filesOfBodies()).isZero());
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("ruido-body"));
        }
    }

    @Test
    void aLargeBodyComesBackFromDiskAsItWasSent() {
        byte[] picture = Pictures.noise(1_500, 1_500, 1);
        assertThat(picture).hasSizeGreaterThan(5_000_000);

        Client.Answer answer = client.upload(picture);

        assertThat(answer.status()).as(answer.toString()).isEqualTo(201);
        assertThat(client.get(answer.header("Location")).raw().body()).isEqualTo(picture);
    }

    /** That this process has open, though they have no name any more. */
    private static long filesOfBodies() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(HostileUploadsTest::isBody).count();
        }
    }

    private static boolean isBody(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().contains("ruido-body");
        } catch (IOException e) {
            return false; // Closed meanwhile.
        }
    }

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static boolean answered(Socket socket) {
        try {
            return socket.getInputStream().available() > 0;
        } catch (IOException e) {
            return true;
        }
    }

    private static String head(int length) {
        return "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: " + length
                + "\r\n\r\n";
    }

    private static byte[] progressive(int side) throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam settings = writer.getDefaultWriteParam();
        settings.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        try (ImageOutputStream out = ImageIO.createImageOutputStream(jpeg)) {
            writer.setOutput(out);
            BufferedImage grey = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
            writer.write(null, new IIOImage(grey, null, null), settings);
        }
        writer.dispose();
        return jpeg.toByteArray();
    }

    /** The last scan again and again. */
    private static byte[] withScans(byte[] jpeg, int scans) {
        int last = jpeg.length - 2;
        while (jpeg[last] != (byte) 0xff || jpeg[last + 1] != (byte) 0xda) {
            last--;
        }
        byte[] scan = Arrays.copyOfRange(jpeg, last, jpeg.length - 2);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(jpeg, 0, jpeg.length - 2);
        for (int i = 0; i < scans; i++) {
            bomb.writeBytes(scan);
        }
        bomb.write(0xff);
        bomb.write(0xd9);
        return bomb.toByteArray();
    }
}
