package io.ruido.worker.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.job.prompting.Composition;
import io.ruido.job.prompting.Emphasis;
import io.ruido.job.prompting.ExtraNetworks;
import io.ruido.job.prompting.PromptSpan;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import io.ruido.job.prompting.Weighted;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.PromptEncoder;
import io.ruido.pipeline.lora.AppliedLora;
import io.ruido.pipeline.text.TextualInversion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Encodes the prompts of one job; every text once, however often it is wanted. */
final class TextEncoding {
    private final PromptEncoder encoder;
    private final NDManager manager;
    private final Prompting prompting;
    private final List<AppliedLora> loras;
    private final List<TextualInversion> embeddings;
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, Integer> numbers = new LinkedHashMap<>();
    private final List<Conditioning.Encoded> texts = new ArrayList<>();
    private final long maxBytes;
    private long bytes;

    /**
     * @param named embeddings whose names are in the prompts
     * @param maxBytes of all encoded texts together
     */
    TextEncoding(
            DiffusionPipeline pipeline,
            NDManager manager,
            Prompting prompting,
            List<AppliedLora> loras,
            List<TextualInversion> named,
            long maxBytes) {
        this.maxBytes = maxBytes;
        this.encoder = pipeline.promptEncoder();
        this.manager = manager;
        this.prompting = prompting;
        this.loras = loras;
        this.embeddings = named.stream().filter(encoder::supports).toList();
        named.stream()
                .filter(one -> !encoder.supports(one))
                .forEach(one -> warnings.add(
                        "prompt: embedding %s is not used because its vectors do not fit the model's text encoder"
                                .formatted(one.name())));
    }

    /** @param steps of each pass of the job, in whose course a text can change */
    Conditioning encode(String prompt, String negativePrompt, List<Integer> steps) {
        return prompting.syntax() == PromptSyntax.PLAIN
                ? plain(prompt, negativePrompt)
                : scheduled(ExtraNetworks.without(prompt), negativePrompt, steps);
    }

    private Conditioning plain(String prompt, String negativePrompt) {
        warnOfCutOff("prompt", prompt);
        warnOfCutOff("negativePrompt", negativePrompt);
        return Conditioning.of(
                encoded(encoder.encode(manager, List.of(prompt), prompting.clipSkip(), loras)),
                encoded(encoder.encodeNegative(manager, List.of(negativePrompt), loras)),
                warnings);
    }

    private void warnOfCutOff(String field, String text) {
        encoder.cutOff(text)
                .map(cut -> field + ": " + cut)
                .filter(one -> !warnings.contains(one))
                .ifPresent(warnings::add);
    }

    private Conditioning scheduled(String prompt, String negativePrompt, List<Integer> steps) {
        List<Conditioning.Span> first = spans(PromptSpan.parse(prompt, negativePrompt, steps.getFirst(), 0));
        List<Conditioning.Span> second = steps.size() == 1
                ? List.of()
                : spans(PromptSpan.parse(prompt, negativePrompt, steps.getLast(), steps.getFirst()));
        return new Conditioning(texts, first, second, Conditioning.Part.NONE, warnings);
    }

    private List<Conditioning.Span> spans(List<PromptSpan> prompts) {
        List<Conditioning.Span> spans = new ArrayList<>();
        for (PromptSpan span : prompts) {
            List<Conditioning.Guide> guides = new ArrayList<>();
            for (Composition.Part part : span.wanted()) {
                guides.add(new Conditioning.Guide(number("+", part.text()), part.weight()));
            }
            spans.add(new Conditioning.Span(span.last(), guides, number("-", span.unwanted())));
        }
        return spans;
    }

    /** Of a text that is encoded now, if it was not before. */
    private int number(String sign, String text) {
        Integer known = numbers.get(sign + text);
        if (known != null) {
            return known;
        }
        Conditioning.Encoded fresh;
        try (NDManager scratch = manager.newSubManager()) {
            fresh = encoded(sign.equals("-") ? negative(scratch, text) : positive(scratch, text));
        }
        bytes += fresh.bytes();
        if (bytes > maxBytes) {
            throw new IllegalArgumentException(
                    ("prompt: the texts that it has in the course of the steps must take at most %d bytes encoded; it is too"
                                    + " long, or changes too often")
                            .formatted(maxBytes));
        }
        texts.add(fresh);
        numbers.put(sign + text, texts.size() - 1);
        return texts.size() - 1;
    }

    private io.ruido.model.Conditioning positive(NDManager scratch, String text) {
        List<Weighted> pieces = Emphasis.parse("prompt", text);
        return literal("prompt", pieces)
                ? encoder.encode(scratch, List.of(pieces.getFirst().text()), prompting.clipSkip(), loras)
                : encoder.encodeWeighted(scratch, pieces, prompting.clipSkip(), loras, embeddings);
    }

    private io.ruido.model.Conditioning negative(NDManager scratch, String text) {
        List<Weighted> pieces = Emphasis.parse("negativePrompt", text);
        return literal("negativePrompt", pieces) && (prompting.clipSkip() == 0 || text.isEmpty())
                ? encoder.encodeNegative(scratch, List.of(pieces.getFirst().text()), loras)
                : encoder.encodeWeighted(scratch, pieces, prompting.clipSkip(), loras, embeddings);
    }

    /** Whether a text can be encoded as it is: one chunk without emphasis and embeddings. */
    private boolean literal(String field, List<Weighted> pieces) {
        Weighted first = pieces.getFirst();
        if (pieces.size() > 1 || first.weight() != 1) {
            return false;
        }
        if (!encoder.supportsWeights()) {
            warnOfCutOff(field, first.text());
            return true;
        }
        return encoder.cutOff(first.text()).isEmpty()
                && embeddings.stream().noneMatch(one -> first.text().contains(one.name()));
    }

    private static Conditioning.Encoded encoded(io.ruido.model.Conditioning encoded) {
        return new Conditioning.Encoded(
                part(encoded.states()), part(encoded.mask()), part(encoded.pooled()), part(encoded.labels()));
    }

    /** @param row (1, …) */
    static Conditioning.Part part(NDArray row) {
        return row.isEmpty()
                ? Conditioning.Part.NONE
                : new Conditioning.Part(
                        Arrays.stream(row.getShape().getShape())
                                .skip(1)
                                .mapToObj(Math::toIntExact)
                                .toList(),
                        row.toType(DataType.FLOAT32, false).toFloatArray());
    }
}
