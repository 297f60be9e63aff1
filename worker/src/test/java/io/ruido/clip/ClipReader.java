package io.ruido.clip;

import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_get;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_q2d;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale_frame;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVDictionaryEntry;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.IntPointer;

/** Reads clips: MP4 and WebM by FFmpeg, animated WebP by {@link AnimatedWebp}. */
public final class ClipReader {
    /** @param frames red, green and blue of each pixel */
    public record Clip(int width, int height, double framesPerSecond, String comment, List<byte[]> frames) {}

    private ClipReader() {}

    public static Clip read(byte[] file, ClipFormat format, Path folder) throws IOException {
        return format == ClipFormat.WEBP ? readWebp(file) : readVideo(file, format, folder);
    }

    private static Clip readWebp(byte[] file) throws IOException {
        boolean animated = new String(file, StandardCharsets.ISO_8859_1).contains("ANMF");
        List<AnimatedWebp.Frame> frames = animated
                ? AnimatedWebp.read(file)
                : List.of(new AnimatedWebp.Frame(ImageIO.read(new ByteArrayInputStream(file)), 125));
        BufferedImage first = frames.getFirst().image();
        return new Clip(
                first.getWidth(),
                first.getHeight(),
                1000.0 / frames.getFirst().milliseconds(),
                "",
                frames.stream().map(frame -> rgb(frame.image())).toList());
    }

    private static byte[] rgb(BufferedImage picture) {
        int[] pixels = picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
        byte[] rgb = new byte[3 * pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            rgb[3 * i] = (byte) (pixels[i] >> 16);
            rgb[3 * i + 1] = (byte) (pixels[i] >> 8);
            rgb[3 * i + 2] = (byte) pixels[i];
        }
        return rgb;
    }

    private static Clip readVideo(byte[] bytes, ClipFormat format, Path folder) throws IOException {
        Path file = Files.write(folder.resolve("clip." + format.output().label()), bytes);
        AVFormatContext container = new AVFormatContext(null);
        check(avformat_open_input(container, file.toString(), null, (AVDictionary) null));
        check(avformat_find_stream_info(container, (AVDictionary) null));
        AVStream stream = container.streams(0);
        AVDictionaryEntry comment = av_dict_get(container.metadata(), "comment", null, 0);
        AVCodecContext codec =
                avcodec_alloc_context3(avcodec_find_decoder(stream.codecpar().codec_id()));
        check(avcodec_parameters_to_context(codec, stream.codecpar()));
        check(avcodec_open2(codec, null, (AVDictionary) null));
        List<byte[]> frames = new ArrayList<>();
        AVPacket packet = av_packet_alloc();
        AVFrame frame = av_frame_alloc();
        boolean more = true;
        while (more) {
            more = av_read_frame(container, packet) >= 0;
            check(avcodec_send_packet(codec, more ? packet : null));
            while (avcodec_receive_frame(codec, frame) >= 0) {
                frames.add(rgb(frame));
            }
            av_packet_unref(packet);
        }
        var clip = new Clip(
                codec.width(),
                codec.height(),
                av_q2d(stream.avg_frame_rate()),
                comment.value().getString(StandardCharsets.UTF_8),
                frames);
        av_packet_free(packet);
        av_frame_free(frame);
        avcodec_free_context(codec);
        avformat_close_input(container);
        return clip;
    }

    private static byte[] rgb(AVFrame frame) {
        int width = frame.width();
        int height = frame.height();
        SwsContext converter = sws_getContext(
                width, height, frame.format(), width, height, AV_PIX_FMT_RGB24, SWS_BICUBIC, null, null, (double[])
                        null);
        IntPointer bt709 = sws_getCoefficients(SWS_CS_ITU709);
        sws_setColorspaceDetails(converter, bt709, 0, bt709, 1, 0, 1 << 16, 1 << 16);
        AVFrame picture = av_frame_alloc();
        picture.format(AV_PIX_FMT_RGB24).width(width).height(height);
        check(av_frame_get_buffer(picture, 0));
        check(sws_scale_frame(converter, picture, frame));
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0; y < height; y++) {
            picture.data(0).position((long) y * picture.linesize(0)).get(rgb, 3 * width * y, 3 * width);
        }
        av_frame_free(picture);
        sws_freeContext(converter);
        return rgb;
    }

    private static void check(int result) {
        if (result < 0) {
            throw new IllegalStateException("FFmpeg cannot read the clip: error " + result);
        }
    }
}
