package io.ruido.gateway.http;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Checks a plain value, or an object of plain values, against a schema of the contract, and reports which field is
 * invalid, its value, and why.
 */
public final class SchemaCheck {
    private final JsonObject schema;
    private final JsonObject properties;
    private final Validator validator;

    SchemaCheck(JsonSchema schema, SchemaRepository schemas) {
        this.schema = (JsonObject) schema;
        this.properties = this.schema.getJsonObject("properties", new JsonObject());
        this.validator = schemas.validator(schema);
    }

    /** @param name name to report when the value itself is invalid, not a field of it */
    public Refusals check(String name, Object value) {
        Refusals refused = new Refusals();
        Object known = value;
        if (value instanceof JsonObject object) {
            missing(object, refused);
            known = withoutUnknown(object, refused);
        }
        OutputUnit result = validator.validate(known);
        if (!result.getValid()) {
            for (OutputUnit error : result.getErrors()) {
                refuse(name, known, error, refused);
            }
        }
        return refused;
    }

    /** Sets an object's absent fields to the defaults of the contract. */
    public void putDefaults(JsonObject object) {
        for (String field : properties.fieldNames()) {
            Object value = properties.getValue(field) instanceof JsonObject rules ? rules.getValue("default") : null;
            if (value != null && !object.containsKey(field)) {
                object.put(field, value);
            }
        }
    }

    private void missing(JsonObject object, Refusals refused) {
        schema.getJsonArray("required", new JsonArray()).stream()
                .map(String.class::cast)
                .filter(field -> !object.containsKey(field))
                .forEach(field -> refused.add(new Problem.Field(field, null, "must be given")));
    }

    /**
     * Returns the fields that the schema knows. The validator would create several error objects for each unknown
     * field.
     */
    private JsonObject withoutUnknown(JsonObject object, Refusals refused) {
        if (properties.isEmpty() || Boolean.TRUE.equals(schema.getValue("additionalProperties"))) {
            return object;
        }
        Map<String, Object> known = new LinkedHashMap<>();
        int unknown = 0;
        for (Map.Entry<String, Object> field : object.getMap().entrySet()) {
            if (properties.containsKey(field.getKey())) {
                known.put(field.getKey(), field.getValue());
            } else if (!refused.full()) {
                String names = unknown == 0 ? "; known fields are " + String.join(", ", properties.fieldNames()) : "";
                refused.add(new Problem.Field(field.getKey(), object.getValue(field.getKey()), "is unknown" + names));
                unknown++;
            } else {
                refused.count(1);
            }
        }
        return known.size() == object.size() ? object : new JsonObject(known);
    }

    private void refuse(String name, Object value, OutputUnit error, Refusals refused) {
        String keyword = last(error.getKeywordLocation());
        boolean whole = error.getInstanceLocation().equals("#");
        String[] path = error.getInstanceLocation().split("/");
        String field = whole ? name : path[1];
        JsonObject rules = whole ? schema : properties.getJsonObject(field);
        boolean item = path.length == 3 && rules != null && rules.containsKey("items");
        if (item) {
            rules = rules.getJsonObject("items");
        }
        if (rules != null
                && rules.containsKey(keyword)
                && !List.of("properties", "required", "items").contains(keyword)) {
            Object was = whole ? value : ((JsonObject) value).getValue(field);
            was = item ? ((JsonArray) was).getValue(Integer.parseInt(path[2])) : was;
            refused.add(new Problem.Field(field, was, reason(keyword, rules.getValue(keyword))));
        }
    }

    private static String reason(String keyword, Object rule) {
        return switch (keyword) {
            case "type" -> rule.equals("integer") ? "must be a whole number" : "must be of type " + types(rule);
            case "enum" ->
                ((JsonArray) rule)
                        .stream().map(String::valueOf).collect(Collectors.joining(", ", "must be one of ", ""));
            case "minimum" -> "must be at least " + rule;
            case "exclusiveMinimum" -> "must be above " + rule;
            case "maximum" -> "must be at most " + rule;
            case "minLength" -> rule.equals(1) ? "must not be empty" : "must have at least " + rule + " characters";
            case "maxLength" -> "must have at most " + rule + " characters";
            case "pattern" -> "must match " + rule;
            case "uniqueItems" -> "must not have duplicates";
            case "minItems" -> "must have at least " + rule;
            case "maxItems", "maxProperties" -> rule.equals(0) ? "must be empty" : "must have at most " + rule;
            case "format" -> "must be a " + rule;
            default -> "must have " + keyword + " " + rule;
        };
    }

    private static String types(Object rule) {
        return rule instanceof JsonArray several
                ? several.stream().map(String::valueOf).collect(Collectors.joining(" or "))
                : rule.toString();
    }

    private static String last(String pointer) {
        return pointer.substring(pointer.lastIndexOf('/') + 1);
    }
}
