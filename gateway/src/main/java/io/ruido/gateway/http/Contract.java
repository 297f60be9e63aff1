package io.ruido.gateway.http;

import io.ruido.config.RuidoConfig.JobsConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/** The OpenAPI file that the router is built from. */
public final class Contract {
    /** Media types of request bodies that are checked by their schema. */
    private static final Set<String> CHECKED_BODIES = Set.of("application/json", Form.MEDIA_TYPE);

    private static final String HEAD = "head-";

    private Contract() {}

    /** Returns the file as clients get it. */
    public static Buffer text() {
        try (InputStream in = Contract.class.getResourceAsStream("openapi.yaml")) {
            return Buffer.buffer(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read openapi.yaml from the class path", e);
        }
    }

    /** Parses the file, with the configured limits in place of its own. */
    public static Future<OpenAPIContract> load(Vertx vertx, Buffer text, JobsConfig limits) {
        Map<String, Object> parsed = new Yaml().load(text.toString());
        JsonObject contract = new JsonObject(parsed);
        JsonObject fields = object(contract, "components", "schemas", "Submission", "properties");
        fields.getJsonObject("steps").put("maximum", limits.maxSteps());
        fields.getJsonObject("hiresSteps").put("maximum", limits.maxSteps());
        fields.getJsonObject("count").put("maximum", limits.maxCount());
        fields.getJsonObject("prompt").put("maxLength", limits.maxPromptLength());
        fields.getJsonObject("negativePrompt").put("maxLength", limits.maxPromptLength());
        addHead(contract);
        removeRawBodies(contract);
        removeResponses(contract);
        removeSecurity(contract);
        return OpenAPIContract.from(vertx, contract);
    }

    /** Returns a check against one of the contract's named schemas. */
    public static SchemaCheck check(OpenAPIContract contract, String name) {
        return new SchemaCheck(schema(contract, name), contract.getSchemaRepository());
    }

    private static JsonSchema schema(OpenAPIContract contract, String name) {
        return JsonSchema.of(object(contract.getRawContract(), "components", "schemas", name));
    }

    /** Returns the {@code operationId} of the file. A HEAD request has the one of the GET request for its path. */
    static String operation(Operation operation) {
        return operation.getOperationId().replaceFirst("^" + HEAD, "");
    }

    // HEAD is GET without the content (RFC 9110, §9.3.2). Streams have no HEAD.
    private static void addHead(JsonObject contract) {
        object(contract, "paths").forEach(path -> {
            JsonObject methods = (JsonObject) path.getValue();
            JsonObject get = methods.getJsonObject("get");
            if (get != null && !lasts(object(get, "responses"))) {
                methods.put("head", get.copy().put("operationId", HEAD + get.getString("operationId")));
            }
        });
    }

    /** Whether a request is answered by a WebSocket or a stream of events. */
    private static boolean lasts(JsonObject responses) {
        return responses.containsKey("101")
                || responses
                        .getJsonObject("200", new JsonObject())
                        .getJsonObject("content", new JsonObject())
                        .containsKey("text/event-stream");
    }

    // Images are checked by decoding them, and the parser refuses bodies of such types.
    private static void removeRawBodies(JsonObject contract) {
        operations(contract)
                .filter(operation -> operation.containsKey("requestBody"))
                .filter(operation -> object(operation, "requestBody", "content").fieldNames().stream()
                        .noneMatch(CHECKED_BODIES::contains))
                .forEach(operation -> operation.remove("requestBody"));
    }

    // Only requests are checked, and the parser refuses responses of the types image/png and problem+json.
    private static void removeResponses(JsonObject contract) {
        JsonObject any = new JsonObject().put("default", new JsonObject().put("description", "any"));
        object(contract, "components").remove("responses");
        operations(contract).forEach(operation -> operation.put("responses", any.copy()));
    }

    // Each route names its access rule itself.
    private static void removeSecurity(JsonObject contract) {
        contract.remove("security");
        object(contract, "components").remove("securitySchemes");
        operations(contract).forEach(operation -> operation.remove("security"));
    }

    private static Stream<JsonObject> operations(JsonObject contract) {
        JsonObject paths = object(contract, "paths");
        return paths.fieldNames().stream()
                .flatMap(path -> paths.getJsonObject(path).stream())
                .map(Map.Entry::getValue)
                .filter(JsonObject.class::isInstance)
                .map(JsonObject.class::cast);
    }

    private static JsonObject object(JsonObject root, String... path) {
        JsonObject found = root;
        for (String name : path) {
            found = found.getJsonObject(name);
        }
        return found;
    }
}
