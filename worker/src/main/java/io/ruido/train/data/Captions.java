package io.ruido.train.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/** What people may write for a picture: its label, in a sentence or with some of its tags, or only tags. */
public final class Captions {
    private static final int MOST_TAGS = 4;
    private static final List<String> SENTENCES =
            List.of("a picture of %s", "an emoji of %s", "%s, 3D emoji", "the %s", "a drawing of %s", "I like %s");

    private Captions() {}

    /** {@code count} captions; of eight, two are the label, two have it in a sentence, two have tags too, and two are tags. */
    public static List<String> of(ImageFolder.Picture picture, int count, RandomGenerator random) {
        String label = picture.label();
        List<String> captions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            captions.add(
                    switch (i % 8) {
                        case 0, 4 -> label;
                        case 1 -> withArticle(label);
                        case 5 ->
                            SENTENCES.get(random.nextInt(SENTENCES.size())).formatted(label);
                        case 2 -> some(picture, 1, random);
                        case 6 -> some(picture, 2 + random.nextInt(MOST_TAGS - 1), random);
                        default -> {
                            String tags = some(picture, 1 + random.nextInt(MOST_TAGS - 1), random);
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
    private static String some(ImageFolder.Picture picture, int count, RandomGenerator random) {
        List<String> tags = new ArrayList<>(picture.tags());
        Collections.shuffle(tags, Random.from(random));
        return tags.isEmpty()
                ? picture.label()
                : String.join(random.nextBoolean() ? ", " : " ", tags.subList(0, Math.min(count, tags.size())));
    }
}
