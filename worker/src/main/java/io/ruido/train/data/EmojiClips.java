package io.ruido.train.data;

import io.ruido.clip.AnimatedWebp;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * Makes a training folder of the animated emoji in npm tarballs: clips of {@code @lobehub/fluent-emoji-anim-1} to
 * {@code -4}, labels and tags of {@code emojibase-data}, keywords of {@code emojilib}. Skin-tone variants and emoji
 * that do not move are left out.
 */
public final class EmojiClips {
    private EmojiClips() {}

    /** Tarballs as {@code npm pack} writes them. */
    public record Sources(List<Path> clips, Path labels, Path keywords) {}

    /**
     * Writes each clip as a PNG file on white, its frames of {@code size}×{@code size} pixels from left to right, and
     * {@code metadata.jsonl} as {@link Emoji} does, with the number of {@code frames}.
     *
     * @param framesPerSecond at which frames are taken of the clips; a frame is the one that is shown at its time
     * @return how many clips were written
     * @throws IOException naming the tarball that is not what it should be
     */
    public static int prepare(Sources sources, int size, double framesPerSecond, Path folder) throws IOException {
        Emoji.checkSize(size);
        if (!(framesPerSecond > 0 && framesPerSecond <= 120)) {
            throw new IllegalArgumentException("fps must be above 0 and at most 120, was " + framesPerSecond);
        }
        List<NpmPackage> packages =
                sources.clips().stream().map(NpmPackage::new).toList();
        var captions = new EmojiCaptions(sources.labels(), sources.keywords());
        Files.createDirectories(folder);
        Map<String, byte[]> clips = new HashMap<>();
        for (NpmPackage each : packages) {
            each.forEachEntry("webp", (name, bytes) -> {
                String code = EmojiCaptions.code(name);
                if (captions.has(code) && AnimatedWebp.isAnimated(bytes)) {
                    clips.putIfAbsent(code, bytes);
                }
            });
        }
        Map<String, String> rows = new TreeMap<>();
        for (String code : new TreeMap<>(clips).keySet()) {
            List<BufferedImage> frames = frames(clips.get(code), size, framesPerSecond);
            String file = code + ".png";
            ImageIO.write(strip(frames, size), "png", folder.resolve(file).toFile());
            rows.put(
                    code,
                    captions.row(code, file)
                            .orElseThrow()
                            .put("frames", frames.size())
                            .toString());
        }
        if (rows.isEmpty()) {
            throw new IOException(sources.clips() + ": have no clip of an emoji in " + sources.labels());
        }
        Files.write(folder.resolve(ImageFolder.METADATA), rows.values());
        return rows.size();
    }

    private static List<BufferedImage> frames(byte[] clip, int size, double framesPerSecond) throws IOException {
        List<AnimatedWebp.Frame> all = AnimatedWebp.read(clip);
        List<BufferedImage> taken = new ArrayList<>();
        double shown = 0; // milliseconds, until the end of the frame
        for (AnimatedWebp.Frame frame : all) {
            shown += frame.milliseconds();
            while (taken.size() * 1000 / framesPerSecond < shown) {
                taken.add(Images.square(Images.onWhite(frame.image()), size));
            }
        }
        return taken;
    }

    private static BufferedImage strip(List<BufferedImage> frames, int size) {
        var strip = new BufferedImage(frames.size() * size, size, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < frames.size(); i++) {
            strip.getRaster().setRect(i * size, 0, frames.get(i).getRaster());
        }
        return strip;
    }
}
