package io.ruido.train.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/** Captions of an image as people could write them: its label, a sentence with it, some of its tags, or both. */
public final class Captions {
    private static final int MOST_TAGS = 4;
    private static final List<String> SENTENCES =
            List.of("a picture of %s", "an emoji of %s", "%s, 3D emoji", "the %s", "a drawing of %s", "I like %s");

    private Captions() {}

    /**
     * Returns {@code count} captions. Of eight, two are the label, two are a sentence with it, two also have tags, and
     * two have only tags.
     */
    public static List<String> of(ImageFolder.Image image, int count, RandomGenerator random) {
        String label = image.label();
        List<String> captions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            captions.add(
                    switch (i % 8) {
                        case 0, 4 -> label;
                        case 1 -> withArticle(label);
                        case 5 ->
                            SENTENCES.get(random.nextInt(SENTENCES.size())).formatted(label);
                        case 2 -> some(image, 1, random);
                        case 6 -> some(image, 2 + random.nextInt(MOST_TAGS - 1), random);
                        default -> {
                            String tags = some(image, 1 + random.nextInt(MOST_TAGS - 1), random);
                            yield random.nextBoolean() ? label + ", " + tags : tags + " " + label;
                        }
                    });
        }
        return captions;
    }

    private static String withArticle(String words) {
        return ("aeiou".indexOf(Character.toLowerCase(words.charAt(0))) >= 0 ? "an " : "a ") + words;
    }

    /** Joins that many tags in any order, or returns the label if there are none. */
    private static String some(ImageFolder.Image image, int count, RandomGenerator random) {
        List<String> tags = new ArrayList<>(image.tags());
        Collections.shuffle(tags, Random.from(random));
        return tags.isEmpty()
                ? image.label()
                : String.join(random.nextBoolean() ? ", " : " ", tags.subList(0, Math.min(count, tags.size())));
    }
}
