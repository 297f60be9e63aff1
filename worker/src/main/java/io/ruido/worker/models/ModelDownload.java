package io.ruido.worker.models;

import io.minio.GetObjectArgs;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.ruido.config.RuidoConfig;
import io.ruido.job.UnavailableModel;
import io.ruido.process.Startup;
import io.ruido.s3.S3Clients;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings models from a bucket into the folder that a worker reads. A model is a diffusers folder with a {@code
 * SHA256SUMS} file as {@code sha256sum} writes it. Every file is checked against it before it gets its name, and {@code
 * SHA256SUMS} comes last, so that a folder that has the bucket's is complete. What is there already is kept, so the
 * folder is a cache.
 */
public final class ModelDownload {
    private static final Logger log = LoggerFactory.getLogger(ModelDownload.class);
    private static final String SUMS = "SHA256SUMS";
    private static final int ATTEMPTS = 3;
    private static final int BUFFER_BYTES = 1 << 20;

    private final MinioClient s3;
    private final String bucket;
    private final String prefix;
    private final Path folder;

    private ModelDownload(MinioClient s3, URI source, Path folder) {
        this.s3 = s3;
        this.bucket = source.getHost();
        this.prefix = source.getPath().replaceAll("^/+|/+$", "");
        this.folder = folder;
    }

    /** What is wrong with one model in the bucket, whatever the others are. */
    private static final class BadModelException extends IOException {
        private static final long serialVersionUID = 1L;

        BadModelException(String message) {
            super(message);
        }
    }

    /**
     * Returns when the folder has all wanted models that are complete in the bucket, at once when no source is
     * configured.
     *
     * @return the others
     * @throws IOException when the bucket does not answer
     */
    static List<UnavailableModel> run(RuidoConfig config) throws IOException {
        if (config.worker().modelSource().isEmpty()) {
            return List.of();
        }
        URI source = config.worker().modelSource().get();
        if (!"s3".equals(source.getScheme()) || source.getHost() == null) {
            throw new IllegalArgumentException(
                    "ruido.worker.model-source: must be s3://BUCKET/PREFIX, was \"%s\"".formatted(source));
        }
        URI endpoint =
                config.s3().endpoint().orElseThrow(() -> new IllegalArgumentException("ruido.s3.endpoint must be set"));
        ModelDownload download = new ModelDownload(
                S3Clients.create(config.s3(), endpoint), source, config.worker().models());
        Map<String, Map<String, Long>> found = download.list();
        List<String> names = config.worker().modelNames().orElse(List.copyOf(found.keySet()));
        if (names.isEmpty()) {
            log.error("ruido.worker.model-source: no model in {}", source);
        }
        List<UnavailableModel> unavailable = new ArrayList<>();
        for (String name : names) {
            try {
                if (!found.containsKey(name)) {
                    throw new BadModelException("ruido.worker.model-names: no model %s in %s, which has %s"
                            .formatted(name, source, found.keySet()));
                }
                download.fetch(name, found.get(name));
            } catch (BadModelException e) {
                unavailable.add(new UnavailableModel(name, e.getMessage()));
            }
        }
        return unavailable;
    }

    /**
     * Fetches the models and ends, so that it can run before a worker. Settings as for {@link
     * io.ruido.worker.Worker#main}.
     */
    public static void main(String[] arguments) {
        Startup.run("fetch-models", arguments, config -> {
            List<UnavailableModel> unavailable = run(config);
            unavailable.forEach(model -> log.error("model {} was not fetched: {}", model.name(), model.reason()));
            System.exit(0);
            return () -> {};
        });
    }

    /** Name of each model to its files' sizes in bytes, by their paths in the model's folder. */
    private Map<String, Map<String, Long>> list() throws IOException {
        String parent = prefix.isEmpty() ? "" : prefix + "/";
        Map<String, Map<String, Long>> models = new TreeMap<>();
        try {
            for (Result<Item> result : s3.listObjects(ListObjectsArgs.builder()
                    .bucket(bucket)
                    .prefix(parent)
                    .recursive(true)
                    .build())) {
                Item item = result.get();
                String[] path = item.objectName().substring(parent.length()).split("/", 2);
                if (path.length == 2 && !item.isDir()) {
                    models.computeIfAbsent(path[0], name -> new TreeMap<>()).put(path[1], item.size());
                }
            }
            return models;
        } catch (MinioException | GeneralSecurityException e) {
            throw new IOException("S3: cannot list s3://%s/%s: %s".formatted(bucket, parent, e.getMessage()), e);
        }
    }

    private void fetch(String model, Map<String, Long> sizes) throws IOException {
        if (!sizes.containsKey(SUMS)) {
            throw new BadModelException("model %s in s3://%s/%s has no %s: create it with sha256sum"
                    .formatted(model, bucket, prefix, SUMS));
        }
        Path target = folder.resolve(model);
        Files.createDirectories(target);
        String sumsText = text(model + "/" + SUMS);
        Map<String, String> sums = parse(model, sumsText);
        if (complete(target, sumsText, sums)) {
            log.info("model {} is already in {}", model, target);
            return;
        }
        removeOthers(target, sums);
        long bytes = 0;
        for (String file : sums.keySet()) {
            bytes += size(model, sizes, file);
        }
        DownloadProgress progress = new DownloadProgress(model, bytes);
        for (Map.Entry<String, String> file : sums.entrySet()) {
            Path local = local(target, file.getKey());
            if (Files.exists(local) && file.getValue().equals(sha256(local))) {
                progress.add(sizes.get(file.getKey()));
            } else {
                fetch(model + "/" + file.getKey(), local, file.getValue(), progress);
            }
        }
        Files.writeString(target.resolve(SUMS), sumsText);
        progress.done();
    }

    private static long size(String model, Map<String, Long> sizes, String file) throws BadModelException {
        Long size = sizes.get(file);
        if (size == null) {
            throw new BadModelException(
                    "model %s: %s names %s, which is not in the bucket".formatted(model, SUMS, file));
        }
        return size;
    }

    private static boolean complete(Path target, String sumsText, Map<String, String> sums) throws IOException {
        Path mark = target.resolve(SUMS);
        if (Files.notExists(mark) || !Files.readString(mark).equals(sumsText)) {
            return false;
        }
        for (String file : sums.keySet()) {
            if (Files.notExists(local(target, file))) {
                return false;
            }
        }
        return true;
    }

    /** Removes the files of another version that was fetched before; a folder that was not fetched keeps all it has. */
    private static void removeOthers(Path target, Map<String, String> sums) throws IOException {
        if (!Files.deleteIfExists(target.resolve(SUMS))) {
            return;
        }
        try (Stream<Path> files = Files.walk(target)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!sums.containsKey(target.relativize(file).toString())) {
                    Files.delete(file);
                }
            }
        }
    }

    private void fetch(String object, Path target, String expected, DownloadProgress progress) throws IOException {
        Files.createDirectories(target.getParent());
        for (int attempt = 1; ; attempt++) {
            Path part = Files.createTempFile(
                    target.getParent(), target.getFileName().toString(), ".part");
            try {
                String actual = copy(object, part, progress);
                if (!actual.equals(expected)) {
                    throw new BadModelException(
                            "%s: its SHA-256 must be %s, was %s".formatted(object, expected, actual));
                }
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                return;
            } catch (IOException e) {
                progress.restart();
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                log.warn("{}; retrying", e.getMessage());
            } finally {
                Files.deleteIfExists(part);
            }
        }
    }

    /** @return SHA-256 of what was copied */
    private String copy(String object, Path target, DownloadProgress progress) throws IOException {
        MessageDigest digest = DigestUtils.getSha256Digest();
        try (InputStream in = new DigestInputStream(open(object), digest);
                OutputStream out = Files.newOutputStream(target)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int read; (read = in.read(buffer)) >= 0; ) {
                out.write(buffer, 0, read);
                progress.add(read);
            }
            progress.keep();
        }
        return Hex.encodeHexString(digest.digest());
    }

    private String text(String object) throws IOException {
        try (InputStream in = open(object)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private InputStream open(String object) throws IOException {
        String key = prefix.isEmpty() ? object : prefix + "/" + object;
        try {
            return s3.getObject(
                    GetObjectArgs.builder().bucket(bucket).object(key).build());
        } catch (MinioException | GeneralSecurityException e) {
            throw new IOException("S3: cannot get s3://%s/%s: %s".formatted(bucket, key, e.getMessage()), e);
        }
    }

    /** Path to SHA-256 in hexadecimal, from lines such as {@code 9f86…  unet/config.json}. */
    private static Map<String, String> parse(String model, String sumsText) throws IOException {
        Map<String, String> sums = new LinkedHashMap<>();
        for (String line : sumsText.lines().filter(text -> !text.isBlank()).toList()) {
            String[] words = line.strip().split("\\s+\\*?", 2);
            if (words.length < 2 || !words[0].matches("[0-9a-fA-F]{64}")) {
                throw new BadModelException("model %s: %s has the line \"%s\", which is not in sha256sum's format"
                        .formatted(model, SUMS, line));
            }
            sums.put(words[1].replaceFirst("^\\./", ""), words[0].toLowerCase());
        }
        return sums;
    }

    private static Path local(Path target, String file) throws BadModelException {
        Path local = target.resolve(file).normalize();
        if (!local.startsWith(target)) {
            throw new BadModelException("%s names %s, which is outside the model's folder".formatted(SUMS, file));
        }
        return local;
    }

    private static String sha256(Path file) throws IOException {
        return new DigestUtils(MessageDigestAlgorithms.SHA_256).digestAsHex(file);
    }
}
