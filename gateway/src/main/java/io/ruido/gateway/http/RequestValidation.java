package io.ruido.gateway.http;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.openapi.contract.Location;
import io.vertx.openapi.contract.MediaType;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Parameter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Checks a request against its operation in the contract, and keeps the values for the handler. Absent values become
 * the contract's defaults. Vert.x's own validation would use a worker thread, copy all schemas for each value, and not
 * report which field had which value.
 */
public final class RequestValidation implements Handler<RoutingContext> {
    private static final String BODY = "body";
    private static final String FORM = "form";

    /** Larger bodies are parsed on another thread, so that other clients do not wait. */
    private static final int READ_AT_ONCE = 4 * 1024;

    private record Rule(Parameter parameter, SchemaCheck check) {}

    private final List<Rule> rules;
    private final Set<String> queryNames;
    /** Null where the body is not JSON. */
    private final SchemaCheck bodyCheck;
    /** Null where the body is not a form. */
    private final SchemaCheck formCheck;
    /** The fields of the form's schema; null where the body is not a form. */
    private final JsonObject formFields;

    RequestValidation(Operation operation, SchemaRepository schemas) {
        this.rules = operation.getParameters().stream()
                .map(parameter -> new Rule(parameter, new SchemaCheck(parameter.getSchema(), schemas)))
                .toList();
        this.queryNames = operation.getParameters().stream()
                .filter(parameter -> parameter.getIn() == Location.QUERY)
                .map(Parameter::getName)
                .collect(Collectors.toUnmodifiableSet());
        Map<String, MediaType> content = operation.getRequestBody() == null
                ? Map.of()
                : operation.getRequestBody().getContent();
        MediaType form = content.get(Form.MEDIA_TYPE);
        MediaType body = content.get(MediaType.APPLICATION_JSON);
        this.bodyCheck = body == null ? null : new SchemaCheck(body.getSchema(), schemas);
        this.formCheck = form == null ? null : new SchemaCheck(form.getSchema(), schemas);
        this.formFields = form == null ? null : ((JsonObject) form.getSchema()).getJsonObject("properties");
    }

    /** Returns the value of a parameter, or null when it is absent and has no default. */
    public static <T> T value(RoutingContext ctx, String parameter) {
        return ctx.get(parameter);
    }

    public static UUID id(RoutingContext ctx) {
        return UUID.fromString(value(ctx, "id"));
    }

    public static JsonObject body(RoutingContext ctx) {
        return ctx.get(BODY);
    }

    @Override
    public void handle(RoutingContext ctx) {
        Refusals refused = new Refusals();
        rules.forEach(rule -> check(ctx, rule, refused));
        for (String name : ctx.queryParams().names()) {
            if (!queryNames.contains(name)) {
                refused.add(new Problem.Field(name, ctx.queryParams().get(name), "is not a parameter of this path"));
            }
        }
        if (bodyCheck == null && formCheck == null) {
            refused.throwIfAny();
            ctx.next();
            return;
        }
        Buffer body = takeBody(ctx);
        boolean asForm = bodyCheck == null || formCheck != null && isForm(ctx);
        if (!asForm && body.length() <= READ_AT_ONCE) {
            keepBody(ctx, bodyCheck, json(ctx, body), refused);
            ctx.next();
        } else {
            // Not ordered: large bodies of several clients are parsed in parallel.
            ctx.vertx()
                    .executeBlocking(
                            () -> {
                                if (asForm) {
                                    keepBody(ctx, formCheck, form(ctx, body), refused);
                                } else {
                                    keepBody(ctx, bodyCheck, json(ctx, body), refused);
                                }
                                return null;
                            },
                            false)
                    .onSuccess(kept -> ctx.next())
                    .onFailure(ctx::fail);
        }
    }

    private JsonObject form(RoutingContext ctx, Buffer body) {
        Form form = Form.parse(contentType(ctx, Form.MEDIA_TYPE), body);
        ctx.put(FORM, form);
        return form.json(formFields);
    }

    /** Returns the body and stops keeping it, because the response can take minutes. */
    public static Buffer takeBody(RoutingContext ctx) {
        return BodyReader.take(ctx);
    }

    /** Releases the memory of a large body that is no longer needed. */
    public static void releaseBody(RoutingContext ctx) {
        BodyReader.release(ctx);
    }

    /** Returns the parts of a form and stops keeping them. It returns none if the body is JSON. */
    public static Map<String, byte[]> takeParts(RoutingContext ctx) {
        Form form = ctx.remove(FORM);
        return form == null ? Map.of() : form.parts();
    }

    private static boolean isForm(RoutingContext ctx) {
        String type = ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
        return type != null && type.strip().toLowerCase(Locale.ROOT).startsWith(Form.MEDIA_TYPE);
    }

    private static void keepBody(RoutingContext ctx, SchemaCheck check, Object json, Refusals refused) {
        refused.addAll(check.check(BODY, json));
        refused.throwIfAny();
        check.putDefaults((JsonObject) json);
        ctx.put(BODY, json);
    }

    private static void check(RoutingContext ctx, Rule rule, Refusals refused) {
        String name = rule.parameter.getName();
        String text =
                switch (rule.parameter.getIn()) {
                    case PATH -> ctx.pathParam(name);
                    case QUERY -> ctx.queryParams().get(name);
                    case HEADER -> ctx.request().getHeader(name);
                    case COOKIE -> null;
                };
        JsonSchema schema = rule.parameter.getSchema();
        if (text == null) {
            if (rule.parameter.isRequired()) {
                refused.add(new Problem.Field(name, null, "must be given"));
            }
            ctx.put(name, schema.get("default"));
            return;
        }
        Object value =
                switch (rule.parameter.getSchemaType()) {
                    case INTEGER -> wholeNumber(text);
                    default -> text;
                };
        refused.addAll(rule.check.check(name, value));
        ctx.put(name, value);
    }

    /** Returns text that is not a number unchanged; the schema refuses it. */
    static Object wholeNumber(String text) {
        try {
            return Integer.valueOf(text);
        } catch (NumberFormatException e) {
            return text;
        }
    }

    /** Returns the content type with its parameters. Other types than the wanted one are refused. */
    public static String contentType(RoutingContext ctx, String wanted) {
        String type = ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
        if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase(wanted)) {
            throw new ProblemException(Problem.of(
                    Problem.Code.UNSUPPORTED_MEDIA_TYPE,
                    "The body must be %s.".formatted(wanted),
                    List.of(new Problem.Field("Content-Type", type, "must be " + wanted))));
        }
        return type;
    }

    private static Object json(RoutingContext ctx, Buffer body) {
        contentType(ctx, MediaType.APPLICATION_JSON);
        return ClientJson.read(BODY, body.getBytes());
    }
}
