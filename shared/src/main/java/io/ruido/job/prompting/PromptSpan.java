package io.ruido.job.prompting;

import io.ruido.job.Job;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What guides some steps of an image.
 *
 * @param last the step up to which it does, counted from 0; it begins after the one of the span before
 * @param wanted the texts that guide, at least one, with their weights beside each other
 * @param unwanted the text that they guide away from
 */
public record PromptSpan(int last, List<Composition.Part> wanted, String unwanted) {
    public PromptSpan {
        wanted = List.copyOf(wanted);
    }

    /** The spans of all passes of a job, one after the other. */
    public static List<PromptSpan> of(Job job) {
        int steps = job.params().steps();
        if (job.params().prompting().syntax() == PromptSyntax.PLAIN) {
            return List.of(new PromptSpan(steps, List.of(new Composition.Part(job.prompt(), 1)), job.negativePrompt()));
        }
        String prompt = ExtraNetworks.without(job.prompt());
        Stream<PromptSpan> second = job.hires() == null
                ? Stream.empty()
                : parse(prompt, job.negativePrompt(), job.hires().steps(), steps).stream();
        return Stream.concat(parse(prompt, job.negativePrompt(), steps, 0).stream(), second)
                .toList();
    }

    /**
     * The spans of prompts of {@link PromptSyntax#A1111}, without extra networks.
     *
     * @param steps of the pass
     * @param before steps of the pass before; 0 for the first
     */
    public static List<PromptSpan> parse(String prompt, String negativePrompt, int steps, int before) {
        List<Composition.Part> parts = Composition.parse(prompt);
        List<List<PromptSchedule.Span>> wanted = parts.stream()
                .map(part -> PromptSchedule.parse(part.text(), steps, before))
                .toList();
        List<PromptSchedule.Span> unwanted = PromptSchedule.parse(negativePrompt, steps, before);
        TreeSet<Integer> changes = new TreeSet<>();
        wanted.forEach(spans -> spans.forEach(span -> changes.add(span.last())));
        unwanted.forEach(span -> changes.add(span.last()));
        return changes.stream()
                .map(last -> {
                    List<Composition.Part> now = new ArrayList<>();
                    for (int i = 0; i < parts.size(); i++) {
                        now.add(new Composition.Part(
                                textAt(wanted.get(i), last), parts.get(i).weight()));
                    }
                    return new PromptSpan(last, now, textAt(unwanted, last));
                })
                .toList();
    }

    /** The different texts that guide in some spans. */
    public static Set<String> wanted(List<PromptSpan> spans) {
        return spans.stream()
                .flatMap(span -> span.wanted().stream())
                .map(Composition.Part::text)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** The different texts that some spans guide away from. */
    public static Set<String> unwanted(List<PromptSpan> spans) {
        return spans.stream().map(PromptSpan::unwanted).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static String textAt(List<PromptSchedule.Span> spans, int step) {
        return spans.stream()
                .filter(span -> span.last() >= step)
                .findFirst()
                .orElseGet(spans::getLast)
                .text();
    }
}
