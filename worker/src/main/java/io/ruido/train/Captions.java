package io.ruido.train;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** What people may write for a picture: its label, with or without an article or some of its tags, or only tags. */
final class Captions {
    private static final int MOST_TAGS = 3;

    private Captions() {}

    /** {@code count} captions; of six, two are the label, one has an article, two have tags too, and one has only tags. */
    static List<String> of(ImageFolder.Picture picture, int count, RandomGenerator random) {
        String label = picture.label();
        List<String> captions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<String> tags = some(picture.tags(), random);
            captions.add(
                    switch (i % 6) {
                        case 0, 3 -> label;
                        case 1 -> ("aeiou".indexOf(Character.toLowerCase(label.charAt(0))) >= 0 ? "an " : "a ") + label;
                        case 4 -> tags.isEmpty() ? label : String.join(", ", tags);
                        default -> tags.isEmpty() ? label : label + ", " + String.join(", ", tags);
                    });
        }
        return captions;
    }

    private static List<String> some(List<String> tags, RandomGenerator random) {
        List<String> left = new ArrayList<>(tags);
        List<String> chosen = new ArrayList<>();
        int count = Math.min(left.size(), 1 + random.nextInt(MOST_TAGS));
        for (int i = 0; i < count; i++) {
            chosen.add(left.remove(random.nextInt(left.size())));
        }
        return chosen;
    }
}
