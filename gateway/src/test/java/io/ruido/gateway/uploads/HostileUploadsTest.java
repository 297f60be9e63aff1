package io.ruido.gateway.uploads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.RawClient;
import io.ruido.gateway.Services;
import io.ruido.image.ImageFile;
import io.ruido.job.InvalidFieldException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pictures and bodies that cost more than they weigh. */
class HostileUploadsTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.body-timeout", "PT5S"));

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
    void nothingIsDecodedForAClientThatHasGone() {
        assertThatThrownBy(() -> ImageFile.read("body", Pictures.png(64, 64), SIDE * SIDE, () -> true))
                .isInstanceOf(InvalidFieldException.class)
                .hasMessageContaining("the client has gone");
    }

    @Test
    void tenantsTakeTurns() throws Exception {
        List<String> order = new ArrayList<>();
        try (var thread = Executors.newSingleThreadExecutor()) {
            TenantTurns turns = new TenantTurns(thread);
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
    void bodiesThatStallTakeNoMoreMemoryThanTheyMay() throws Exception {
        List<Socket> stalled = new ArrayList<>();
        try {
            byte[] most = new byte[9_000_000];
            for (int i = 0; i < 60; i++) {
                Socket socket = new RawClient(client.address).open();
                stalled.add(socket);
                socket.getOutputStream().write(head(10_000_000).getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(most);
            }
            await().until(() -> stalled.stream().anyMatch(HostileUploadsTest::answered));
            assertThat(client.get("/health/live").status()).isEqualTo(200);
        } finally {
            for (Socket socket : stalled) {
                socket.close();
            }
        }
        await().until(() -> client.upload(Pictures.png(64, 64)).status() == 201);
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
