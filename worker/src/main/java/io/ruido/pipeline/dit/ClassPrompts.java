package io.ruido.pipeline.dit;

import ai.djl.ndarray.NDManager;
import io.ruido.model.Conditioning;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.text.Prompts;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Prompts that are classes instead of texts: the number of a class, or one of its names. */
final class ClassPrompts implements Prompts {
    private final int classes;
    private final Map<String, Long> idsByName = new HashMap<>();

    /** @param classes number of classes; this number itself means no class */
    ClassPrompts(ModelFolder folder, int classes) {
        this.classes = classes;
        for (var label : folder.index().path("id2label").properties()) {
            for (String name : label.getValue().asText().split(",")) {
                idsByName.put(name.strip(), Long.valueOf(label.getKey()));
            }
        }
    }

    @Override
    public Conditioning encode(NDManager manager, List<String> texts, int clipSkip) {
        long[] ids = texts.stream().mapToLong(this::id).toArray();
        return Conditioning.none().withLabels(manager.create(ids));
    }

    @Override
    public Conditioning encodeNegative(NDManager manager, List<String> texts) {
        return encode(manager, texts.stream().map(text -> "").toList(), 0);
    }

    private long id(String text) {
        String name = text.strip();
        if (name.isEmpty()) {
            return classes;
        }
        if (name.matches("\\d{1,9}") && Long.parseLong(name) < classes) {
            return Long.parseLong(name);
        }
        if (!idsByName.containsKey(name)) {
            throw new IllegalArgumentException(
                    "prompt must be a class from 0 to %d or a class's name, was %s".formatted(classes - 1, name));
        }
        return idsByName.get(name);
    }
}
