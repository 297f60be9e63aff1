package io.ruido.gateway.access;

import com.fasterxml.jackson.core.type.TypeReference;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.JobJson;
import io.ruido.redis.SubmitOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.Yaml;

/** Who may call, by the SHA-256 of a secret key. Keys are long and random, so that a plain hash hides them. */
public final class ApiKeys {
    private final Map<String, Entry> byHash;

    private ApiKeys(List<Entry> entries) {
        byHash = entries.stream().collect(Collectors.toUnmodifiableMap(Entry::sha256, Function.identity()));
    }

    /** One key in the file. The limits hold for all gateways together; absent ones do not limit. */
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
     * @param file empty where no key is needed
     * @throws IllegalArgumentException naming the file and what is wrong with it
     */
    public static ApiKeys read(Optional<Path> file) {
        return new ApiKeys(file.map(ApiKeys::entries).orElse(List.of()));
    }

    private static List<Entry> entries(Path file) {
        try {
            Object yaml = new Yaml().load(Files.readString(file));
            List<Entry> entries = JobJson.MAPPER.convertValue(yaml, new TypeReference<List<Entry>>() {});
            if (entries == null || entries.isEmpty()) {
                throw new IllegalArgumentException("it has no keys");
            }
            return entries;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the API keys in " + file, e);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("API keys in " + file + ": " + e.getMessage(), e);
        }
    }

    /** Whether anybody may call. */
    public boolean none() {
        return byHash.isEmpty();
    }

    public Optional<Caller> caller(String secret) {
        return Optional.ofNullable(byHash.get(hash(secret))).map(Entry::caller);
    }

    private static String hash(String secret) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
