package io.ruido.gateway.a1111;

import io.ruido.image.ImageEncoder;
import io.ruido.image.ImageFile;
import io.ruido.job.Infotext;
import io.ruido.job.Job;
import java.awt.Dimension;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A job that draws only the part of an image around its mask ("Only masked" in AUTOMATIC1111's page,
 * {@code inpaint_full_res}). The first task that needs the part finds it; tasks follow each other.
 */
final class OnlyMaskedJob {
    private final Supplier<BufferedImage> decoded;
    private final RequestMask sent;
    private final Inpainting inpainting;
    private final int padding;
    private final Optional<Dimension> size;
    private MaskedRegion region; // until the mask was made
    private Kept kept;

    /** The region, compressed: the job can take long. */
    private record Kept(byte[] picture, byte[] mask, Rectangle bounds) {}

    /** @param values of the request */
    OnlyMaskedJob(
            Supplier<BufferedImage> decoded, RequestMask sent, Inpainting inpainting, Map<String, Object> values) {
        this.decoded = decoded;
        this.sent = sent;
        this.inpainting = inpainting;
        this.padding =
                values.get("inpaint_full_res_padding") instanceof Number pixels ? Math.max(0, pixels.intValue()) : 0;
        this.size = values.get("width") instanceof Number width && values.get("height") instanceof Number height
                ? Optional.of(new Dimension(width.intValue(), height.intValue()))
                : Optional.empty();
    }

    private MaskedRegion region() {
        if (region == null) {
            region = MaskedRegion.of(decoded.get(), inpainting.prepared(sent.image()), padding, size);
        }
        return region;
    }

    /** The job's picture. */
    byte[] picture() {
        BufferedImage part = region().part();
        return inpainting.fill()
                ? new Inpainting(false, 0, 0, true).filled(part, region().partOfMask())
                : ImageEncoder.png(part);
    }

    /** The job's mask, which is made after the picture. */
    byte[] mask() {
        byte[] mask = ImageEncoder.png(region().partOfMask());
        kept = new Kept(ImageEncoder.plain(region.picture()), ImageEncoder.plain(region.mask()), region.bounds());
        region = null;
        return mask;
    }

    /**
     * The pictures with what the job has drawn.
     *
     * @param images files in base64
     */
    List<String> laidIn(List<String> images, Job job) {
        MaskedRegion whole = new MaskedRegion(read(kept.picture), read(kept.mask), kept.bounds);
        return IntStream.range(0, images.size())
                .mapToObj(i -> {
                    BufferedImage drawn = read(Base64.getDecoder().decode(images.get(i)));
                    byte[] file =
                            ImageEncoder.write(whole.with(drawn), job.params().output(), Infotext.of(job, i));
                    return Base64.getEncoder().encodeToString(file);
                })
                .toList();
    }

    /** Reads a file that Ruido wrote, which may be larger than an upload. */
    private static BufferedImage read(byte[] file) {
        return ImageFile.read("images", file, Integer.MAX_VALUE).image();
    }
}
