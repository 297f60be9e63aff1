package io.ruido.evaluation;

import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.train.data.Clips;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Images;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Measures drawn clips against those that a model was trained on. Frames are compared by their colours, averaged to
 * {@value #SIDE}×{@value #SIDE} positions: that needs no model, and is blind to blur.
 */
public final class ClipEvaluation {
    private static final int SIDE = 16;

    private final List<ImageFolder.Image> clips;
    private final List<Reference> references;

    /** A frame, or an image, and the label that it has. */
    private record Reference(String label, float[] colours) {}

    /**
     * How well clips fit the labels that they were asked for by.
     *
     * @param first share of the clips of which the first frame is nearest to a frame or an image of the label
     * @param last the same of the last frame
     * @param both share of the clips for which both are true
     */
    public record Fit(double first, double last, double both) {}

    /**
     * Reads the clips and images that a recipe trains on.
     *
     * @param recipe with {@code clips}
     */
    public static ClipEvaluation of(TrainConfig recipe) throws IOException {
        return new ClipEvaluation(
                recipe.data(), Optional.ofNullable(recipe.clips().pictures()));
    }

    /**
     * Reads clips.
     *
     * @param images a folder of images that the model was trained on beside them
     */
    public ClipEvaluation(Path data, Optional<Path> images) throws IOException {
        this.clips = ImageFolder.readClips(data, SIDE);
        this.references = new ArrayList<>();
        List<ImageFolder.Image> all = new ArrayList<>(clips);
        if (images.isPresent()) {
            all.addAll(ImageFolder.read(images.get(), SIDE));
        }
        for (ImageFolder.Image clip : all) {
            frames(clip).forEach(frame -> references.add(new Reference(clip.label(), frame)));
        }
    }

    /** How many frames and images a frame is compared with. */
    public int references() {
        return references.size();
    }

    /** Labels of clips, drawn without repetition, the same ones for the same seed; all of them if there are fewer. */
    public List<String> labels(int count, long seed) {
        List<String> labels =
                clips.stream().map(ImageFolder.Image::label).distinct().toList();
        return Evaluation.drawn(labels, count, seed);
    }

    /**
     * How well each clip fits the label at its place.
     *
     * @throws IllegalArgumentException naming a label that no clip has, or when there is no label
     */
    public Fit fit(List<String> labels, List<Frames> drawn) {
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("labels: must be at least one");
        }
        int first = 0, last = 0, both = 0;
        for (int i = 0; i < labels.size(); i++) {
            List<RgbImage> frames = drawn.get(i).images();
            boolean begins = nearest(frames.getFirst()).equals(requireKnown(labels.get(i)));
            boolean ends = nearest(frames.getLast()).equals(labels.get(i));
            first += begins ? 1 : 0;
            last += ends ? 1 : 0;
            both += begins && ends ? 1 : 0;
        }
        double count = labels.size();
        return new Fit(first / count, last / count, both / count);
    }

    private String requireKnown(String label) {
        if (references.stream().noneMatch(reference -> reference.label().equals(label))) {
            throw new IllegalArgumentException("no clip has the label " + label);
        }
        return label;
    }

    private String nearest(RgbImage frame) {
        float[] colours = colours(frame);
        Reference nearest = references.getFirst();
        double least = Double.MAX_VALUE;
        for (Reference reference : references) {
            double distance = Evaluation.squaredDistance(reference.colours(), colours);
            if (distance < least) {
                least = distance;
                nearest = reference;
            }
        }
        return nearest.label();
    }

    /**
     * The mean absolute difference of frames that follow each other, in shares of the range of colours: 0 for clips that are
     * frozen.
     */
    public static double motion(List<Frames> drawn) {
        return drawn.stream()
                .mapToDouble(clip -> change(
                        clip.images().stream().map(ClipEvaluation::colours).toList()))
                .average()
                .orElseThrow();
    }

    /** The {@link #motion} of the training clips that have these labels, in their first frames. */
    public double motionOfData(List<String> labels, int frames) {
        return clips.stream()
                .filter(clip -> labels.contains(clip.label()))
                .mapToDouble(clip -> change(frames(clip).stream().limit(frames).toList()))
                .average()
                .orElseThrow();
    }

    private static double change(List<float[]> frames) {
        return IntStream.range(1, frames.size())
                .mapToDouble(i -> meanDifference(frames.get(i - 1), frames.get(i)))
                .average()
                .orElse(0);
    }

    private static List<float[]> frames(ImageFolder.Image clip) {
        int length = 3 * SIDE * SIDE;
        return IntStream.range(0, Clips.frames(clip, SIDE))
                .mapToObj(frame -> colours(clip.planes(), frame * length, length))
                .toList();
    }

    private static float[] colours(RgbImage frame) {
        byte[] planes = Images.planes(Images.square(frame.toBufferedImage(), SIDE));
        return colours(planes, 0, planes.length);
    }

    /** 0…1 */
    private static float[] colours(byte[] planes, int from, int length) {
        float[] colours = new float[length];
        for (int i = 0; i < length; i++) {
            colours[i] = (planes[from + i] & 255) / 255f;
        }
        return colours;
    }

    private static double meanDifference(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs(a[i] - b[i]);
        }
        return sum / a.length;
    }
}
