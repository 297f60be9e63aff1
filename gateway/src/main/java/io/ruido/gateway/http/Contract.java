package io.ruido.gateway.http;

import io.ruido.config.RuidoConfig.JobsConfig;
import io.ruido.gateway.uploads.UploadRoutes;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import io.vertx.openapi.contract.OpenAPIContract;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import org.yaml.snakeyaml.Yaml;

/** The OpenAPI file that the router is built from. */
public final class Contract {
    private Contract() {}

    /** The file as it is served. */
    public static Buffer text() {
        try (InputStream in = Contract.class.getResourceAsStream("openapi.yaml")) {
            return Buffer.buffer(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read openapi.yaml from the class path", e);
        }
    }

    /** Requests are checked by the configured limits, which the file cannot know. */
    public static Future<OpenAPIContract> load(Vertx vertx, Buffer text, JobsConfig limits) {
        Map<String, Object> parsed = new Yaml().load(text.toString());
        JsonObject contract = new JsonObject(parsed);
        JsonObject fields = object(contract, "components", "schemas", "Submission", "properties");
        fields.getJsonObject("steps").put("maximum", limits.maxSteps());
        fields.getJsonObject("count").put("maximum", limits.maxCount());
        fields.getJsonObject("prompt").put("maxLength", limits.maxPromptLength());
        fields.getJsonObject("negativePrompt").put("maxLength", limits.maxPromptLength());
        forgetPictures(contract);
        forgetAnswers(contract);
        forgetSecurity(contract);
        return OpenAPIContract.from(vertx, contract);
    }

    /** One of the contract's named schemas. */
    public static JsonSchema schema(OpenAPIContract contract, String name) {
        return JsonSchema.of(object(contract.getRawContract(), "components", "schemas", name));
    }

    // Whoever reads them checks them by decoding, and the parser knows no such bodies.
    private static void forgetPictures(JsonObject contract) {
        object(contract, "paths", UploadRoutes.PATH, "post").remove("requestBody");
    }

    // Only requests are checked, and the parser refuses a contract with image/png or problem+json in its answers.
    private static void forgetAnswers(JsonObject contract) {
        JsonObject any = new JsonObject().put("default", new JsonObject().put("description", "any"));
        object(contract, "components").remove("responses");
        for (String path : object(contract, "paths").fieldNames()) {
            JsonObject operations = object(contract, "paths", path);
            for (String method : operations.fieldNames()) {
                if (operations.getValue(method) instanceof JsonObject operation) {
                    operation.put("responses", any.copy());
                }
            }
        }
    }

    // Every path is guarded alike, before the router.
    private static void forgetSecurity(JsonObject contract) {
        contract.remove("security");
        object(contract, "components").remove("securitySchemes");
        for (String path : object(contract, "paths").fieldNames()) {
            object(contract, "paths", path).stream()
                    .map(Map.Entry::getValue)
                    .filter(JsonObject.class::isInstance)
                    .forEach(operation -> ((JsonObject) operation).remove("security"));
        }
    }

    private static JsonObject object(JsonObject root, String... path) {
        JsonObject found = root;
        for (String name : path) {
            found = found.getJsonObject(name);
        }
        return found;
    }
}
