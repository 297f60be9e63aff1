package io.ruido.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_BITEXACT;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avformat.AVFMT_GLOBALHEADER;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_PRI_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_TRC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_ERROR;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.av_d2q;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_make_writable;
import static org.bytedeco.ffmpeg.global.avutil.av_inv_q;
import static org.bytedeco.ffmpeg.global.avutil.av_log_set_level;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set;
import static org.bytedeco.ffmpeg.global.avutil.av_strerror;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BITEXACT;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.SWS_FULL_CHR_H_INT;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale_frame;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.ruido.image.ImageEncoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Writes one clip, frame by frame, so that no more than a few of its frames are in memory. The same frames give the
 * same bytes: encoders run in one thread, and the file contains neither versions nor times. Not thread-safe.
 */
public final class ClipEncoder implements AutoCloseable {
    private static final int MESSAGE = 256;
    private static final int GREATEST_DENOMINATOR = 60_000;

    /**
     * Bits per pixel of H.264 at the default quality, because its encoder has no constant quality. This is generous for
     * generated clips.
     */
    private static final double BITS_PER_PIXEL = 0.3;

    private static final int USUAL_QUALITY = 90;

    /** The reduction of quality that halves the bits. */
    private static final double HALVING = 20;

    private static final long LEAST_BIT_RATE = 500_000;

    static {
        av_log_set_level(AV_LOG_ERROR);
    }

    private final ClipFormat format;
    private final int width;
    private final int height;
    private final String parameters;
    private final Path file;
    private AVFormatContext container;
    private AVCodecContext codec;
    private AVStream stream;
    private SwsContext converter;
    private final AVFrame rgb = av_frame_alloc();
    private final AVFrame frame = av_frame_alloc();
    private final AVPacket packet = av_packet_alloc();
    private int frames;

    /**
     * Begins a clip.
     *
     * @param framesPerSecond above 0, at most 120
     * @param quality from 1 to 100
     * @param parameters parameters of the clip, which are stored in the file
     * @throws IllegalArgumentException naming what the format does not support
     */
    public ClipEncoder(ClipFormat format, int width, int height, double framesPerSecond, int quality, String parameters)
            throws IOException {
        if (!(framesPerSecond > 0 && framesPerSecond <= 120)) {
            throw new IllegalArgumentException("fps must be above 0 and at most 120, was " + framesPerSecond);
        }
        format.check(width, height);
        this.format = format;
        this.width = width;
        this.height = height;
        this.parameters = parameters;
        this.file = Files.createTempFile("ruido-clip-", "." + format.output().label());
        try {
            open(framesPerSecond, quality);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void open(double framesPerSecond, int quality) throws IOException {
        AVCodec encoder = avcodec_find_encoder_by_name(format.encoder);
        if (encoder == null) {
            throw new IOException("FFmpeg was built without " + format.encoder);
        }
        container = new AVFormatContext(null);
        check(
                avformat_alloc_output_context2(container, null, format.output().label(), file.toString()),
                "choose the container");
        container.flags(container.flags() | AVFormatContext.AVFMT_FLAG_BITEXACT);
        codec = avcodec_alloc_context3(encoder);
        codec.width(width).height(height).pix_fmt(format.pixelFormat).thread_count(1);
        codec.framerate(av_d2q(framesPerSecond, GREATEST_DENOMINATOR));
        codec.time_base(av_inv_q(codec.framerate()));
        codec.gop_size((int) Math.ceil(2 * framesPerSecond));
        double bits = BITS_PER_PIXEL * Math.pow(2, (quality - USUAL_QUALITY) / HALVING);
        codec.bit_rate(Math.max(LEAST_BIT_RATE, (long) (bits * width * height * framesPerSecond)));
        codec.flags(codec.flags() | AV_CODEC_FLAG_BITEXACT);
        if ((container.oformat().flags() & AVFMT_GLOBALHEADER) != 0) {
            codec.flags(codec.flags() | AV_CODEC_FLAG_GLOBAL_HEADER);
        }
        if (format.pixelFormat == AV_PIX_FMT_YUV420P) {
            codec.colorspace(AVCOL_SPC_BT709).color_primaries(AVCOL_PRI_BT709);
            codec.color_trc(AVCOL_TRC_BT709).color_range(AVCOL_RANGE_MPEG);
        }
        set(codec, format.encoderOptions);
        set(codec, format.qualityOptions(quality));
        check(avcodec_open2(codec, encoder, (AVDictionary) null), "open the encoder " + format.encoder);
        stream = avformat_new_stream(container, null);
        check(avcodec_parameters_from_context(stream.codecpar(), codec), "describe the stream");
        stream.time_base(codec.time_base());
        stream.avg_frame_rate(codec.framerate());
        openFile();
        prepareFrames();
    }

    private void openFile() throws IOException {
        set(container, format.muxerOptions);
        if (format != ClipFormat.WEBP) {
            AVDictionary metadata = new AVDictionary(null);
            av_dict_set(metadata, "comment", parameters, 0);
            container.metadata(metadata);
        }
        var out = new AVIOContext(null);
        check(avio_open(out, file.toString(), AVIO_FLAG_WRITE), "open " + file);
        container.pb(out);
        check(avformat_write_header(container, (AVDictionary) null), "begin the file");
    }

    private void prepareFrames() throws IOException {
        allocate(rgb, AV_PIX_FMT_RGB24);
        allocate(frame, format.pixelFormat);
        int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT;
        converter = sws_getContext(
                width, height, AV_PIX_FMT_RGB24, width, height, format.pixelFormat, flags, null, null, (double[]) null);
        if (converter == null) {
            throw new IOException("FFmpeg cannot convert frames of %d×%d for %s"
                    .formatted(width, height, format.output().label()));
        }
        if (format.pixelFormat == AV_PIX_FMT_YUV420P) {
            IntPointer bt709 = sws_getCoefficients(SWS_CS_ITU709);
            check(sws_setColorspaceDetails(converter, bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16), "choose colours");
        }
    }

    private void allocate(AVFrame frame, int pixels) throws IOException {
        frame.format(pixels).width(width).height(height);
        check(av_frame_get_buffer(frame, 0), "allocate a frame");
    }

    private static void set(Pointer target, Map<String, String> options) throws IOException {
        for (Map.Entry<String, String> option : options.entrySet()) {
            check(
                    av_opt_set(target, option.getKey(), option.getValue(), 1 /* AV_OPT_SEARCH_CHILDREN */),
                    "set %s to %s".formatted(option.getKey(), option.getValue()));
        }
    }

    /**
     * Adds the next frame.
     *
     * @param pixels red, green and blue of each pixel, row by row
     */
    public void add(byte[] pixels) throws IOException {
        if (pixels.length != 3 * width * height) {
            throw new IllegalArgumentException("a frame of %d×%d has %d bytes, not %d"
                    .formatted(width, height, 3 * width * height, pixels.length));
        }
        check(av_frame_make_writable(rgb), "write a frame");
        for (int y = 0; y < height; y++) {
            rgb.data(0).position((long) y * rgb.linesize(0)).put(pixels, 3 * width * y, 3 * width);
        }
        check(av_frame_make_writable(frame), "write a frame");
        check(sws_scale_frame(converter, frame, rgb), "convert a frame");
        frame.pts(frames++);
        check(avcodec_send_frame(codec, frame), "encode a frame");
        writePackets();
    }

    private void writePackets() throws IOException {
        while (true) {
            int received = avcodec_receive_packet(codec, packet);
            if (received == AVERROR_EAGAIN() || received == AVERROR_EOF()) {
                return;
            }
            check(received, "encode");
            packet.stream_index(stream.index());
            if (packet.duration() == 0) {
                packet.duration(1);
            }
            av_packet_rescale_ts(packet, codec.time_base(), stream.time_base());
            check(av_interleaved_write_frame(container, packet), "write a frame");
            av_packet_unref(packet);
        }
    }

    /** Ends the clip and returns its file. */
    public byte[] finish() throws IOException {
        if (frames == 0) {
            throw new IllegalStateException("a clip has at least one frame");
        }
        check(avcodec_send_frame(codec, null), "finish encoding");
        writePackets();
        check(av_write_trailer(container), "finish the file");
        closeFile();
        byte[] bytes = Files.readAllBytes(file);
        return format == ClipFormat.WEBP ? ImageEncoder.withParameters(bytes, width, height, parameters) : bytes;
    }

    private void closeFile() {
        if (container != null && container.pb() != null && !container.pb().isNull()) {
            avio_closep(container.pb());
            container.pb(null);
        }
    }

    /** Returns the temporary file of the clip, for tests. */
    Path file() {
        return file;
    }

    /** Frees the encoder's memory and temporary file, whether the clip is finished or not. */
    @Override
    public void close() throws IOException {
        av_packet_free(packet);
        av_frame_free(rgb);
        av_frame_free(frame);
        if (converter != null) {
            sws_freeContext(converter);
        }
        if (codec != null) {
            avcodec_free_context(codec);
        }
        if (container != null && !container.isNull()) {
            closeFile();
            avformat_free_context(container);
        }
        Files.deleteIfExists(file);
    }

    private static void check(int result, String what) throws IOException {
        if (result < 0) {
            byte[] message = new byte[MESSAGE];
            av_strerror(result, message, message.length);
            throw new IOException("FFmpeg could not %s: %s"
                    .formatted(what, new String(message, StandardCharsets.UTF_8).replace("\0", "")));
        }
    }
}
