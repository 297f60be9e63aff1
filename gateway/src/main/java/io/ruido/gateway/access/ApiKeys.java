package io.ruido.gateway.access;

import com.fasterxml.jackson.core.type.TypeReference;
import io.ruido.gateway.http.GracefulShutdown;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.JobJson;
import io.ruido.redis.SubmitOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The callers by the SHA-256 of their secret keys. Keys are long and random, so a plain hash is enough to hide them.
 */
public final class ApiKeys {
    private static final Logger log = LoggerFactory.getLogger(ApiKeys.class);

    private final Optional<Path> file;
    private final Set<OpenConnection> open = ConcurrentHashMap.newKeySet();
    private volatile Loaded loaded;

    private ApiKeys(Optional<Path> file) {
        this.file = file;
        this.loaded = file.map(ApiKeys::load).orElse(new Loaded("", Map.of()));
    }

    /** @param text content of the file */
    private record Loaded(String text, Map<String, Entry> byHash) {
        boolean allows(Caller caller) {
            return byHash.values().stream().map(Entry::caller).anyMatch(caller::equals);
        }
    }

    private record OpenConnection(Caller caller, Runnable close) {}

    /** One key in the file. Its limits apply to all gateways together; an absent limit means none. */
    private record Entry(
            String name, String sha256, String tenant, Boolean admin, Integer requestsPerMinute, Integer imagesPerDay) {
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");
        private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

        private Entry {
            check(name != null && NAME.matcher(name).matches(), "name", name, "must match " + NAME);
            check(
                    sha256 != null && SHA256.matcher(sha256).matches(),
                    "sha256",
                    sha256,
                    "must be 64 hexadecimal digits in lower case");
            tenant = tenant == null
                    ? SubmitOptions.DEFAULT_TENANT
                    : SubmitOptions.of(tenant).tenant();
            admin = admin != null && admin;
            checkLimit("requestsPerMinute", requestsPerMinute);
            checkLimit("imagesPerDay", imagesPerDay);
        }

        private static void checkLimit(String field, Integer limit) {
            check(limit == null || limit > 0, field, limit, "must be at least 1");
        }

        private static void check(boolean valid, String field, Object value, String reason) {
            if (!valid) {
                throw new InvalidFieldException(field, value, reason);
            }
        }

        Caller caller() {
            return new Caller(name, tenant, admin, requestsPerMinute, imagesPerDay);
        }
    }

    /**
     * Reads a YAML file with a list of keys.
     *
     * @param file empty if no key is required
     * @throws IllegalArgumentException naming the file and what is wrong with it
     */
    public static ApiKeys read(Optional<Path> file) {
        return new ApiKeys(file);
    }

    /** Reads the file again if it has changed. An invalid file is ignored, and the keys stay as they were. Blocks. */
    public void refresh() {
        file.ifPresent(path -> {
            try {
                if (!Files.readString(path).equals(loaded.text)) {
                    loaded = load(path);
                    log.info("{} has changed; {} API keys are valid now", path, loaded.byHash.size());
                    open.stream()
                            .filter(connection -> !loaded.allows(connection.caller))
                            .forEach(connection -> connection.close.run());
                }
            } catch (IOException | RuntimeException e) {
                log.warn("{} has changed but is invalid; keeping the previous API keys: {}", path, e.toString());
            }
        });
    }

    private static Loaded load(Path file) {
        try {
            String text = Files.readString(file);
            List<Entry> entries = JobJson.MAPPER.convertValue(
                    new Yaml(new SafeConstructor(new LoaderOptions())).load(text), new TypeReference<List<Entry>>() {});
            if (entries == null || entries.isEmpty()) {
                throw new IllegalArgumentException("it has no keys");
            }
            return new Loaded(
                    text, entries.stream().collect(Collectors.toUnmodifiableMap(Entry::sha256, Function.identity())));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the API keys in " + file, e);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("API keys in " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Registers a connection that stays open, to be closed when its key is revoked.
     *
     * @param caller caller who opened the connection
     * @param close called on any thread, perhaps twice, when no key gives exactly these rights any more
     */
    public GracefulShutdown.Registration onRevoked(Caller caller, Runnable close) {
        OpenConnection connection = new OpenConnection(caller, close);
        open.add(connection);
        if (!none() && !loaded.allows(caller)) {
            close.run();
        }
        return () -> open.remove(connection);
    }

    /** Returns whether no key is required. */
    public boolean none() {
        return file.isEmpty();
    }

    public Optional<Caller> caller(String secret) {
        return Optional.ofNullable(loaded.byHash.get(DigestUtils.sha256Hex(secret)))
                .map(Entry::caller);
    }
}
