package io.ruido.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The safetensors format: eight bytes with the length of a JSON header, the header with each tensor's type, shape and
 * byte range, and the values. See the format's description at huggingface.co/docs/safetensors.
 */
public final class SafeTensors implements Weights.Source {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Types that torch reads as they are. */
    private static final Map<String, DataType> TYPES =
            Map.of("F32", DataType.FLOAT32, "F16", DataType.FLOAT16, "I64", DataType.INT64);

    /** Bytes of a value. */
    private static final Map<String, Integer> WIDTHS =
            new TreeMap<>(Map.of("F64", 8, "F32", 4, "F16", 2, "BF16", 2, "F8_E4M3", 1, "F8_E5M2", 1, "I64", 8));
    /** As the format's own reader has it. */
    private static final long LARGEST_HEADER = 100_000_000;

    private static final int MOST_DIMENSIONS = 16;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * A tensor in a file, without its values.
     *
     * @param dtype as the format names it, such as F16
     */
    public record Info(Path file, String dtype, Shape shape, long bytes) {
        /**
         * @param place where it was looked for
         * @throws IllegalArgumentException naming the tensor, when it is missing (null) or has another shape
         */
        static void check(String name, Shape expected, Info found, Path place) {
            if (found == null) {
                throw new IllegalArgumentException(
                        "missing tensor %s in %s, expected with shape %s".formatted(name, place, expected));
            }
            if (!found.shape.equals(expected)) {
                throw new IllegalArgumentException("tensor %s in %s: expected shape %s, found %s"
                        .formatted(name, found.file, expected, found.shape));
            }
        }
    }

    /** A tensor's place in its mapped file. */
    private record Entry(Info info, MemorySegment bytes) {}

    private final Path place;
    private final NDManager manager;
    private final Optional<DataType> type;
    private final Map<String, Entry> entries;
    private final List<MemorySegment> files;

    private SafeTensors(
            Path place,
            NDManager manager,
            Optional<DataType> type,
            Map<String, Entry> entries,
            List<MemorySegment> files) {
        this.place = place;
        this.manager = manager;
        this.type = type;
        this.entries = entries;
        this.files = files;
    }

    /**
     * The tensors of a model folder, from one file or from those that its index names.
     *
     * @param type that they are converted to, or empty for those of the file
     */
    static SafeTensors open(Path folder, NDManager manager, Optional<DataType> type) throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        List<MemorySegment> files = new ArrayList<>();
        for (Path file : WeightFiles.of(folder)) {
            files.add(map(file, entries));
        }
        return new SafeTensors(folder, manager, type, entries, files);
    }

    /** All tensors of one file, converted to one type; they belong to the manager. */
    public static Map<String, NDArray> read(Path file, NDManager manager, DataType type) throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        var source = new SafeTensors(file, manager, Optional.of(type), entries, List.of(map(file, entries)));
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        entries.forEach((name, entry) -> tensors.put(name, source.tensor(name, entry.info.shape, Init.ZEROS)));
        return tensors;
    }

    /** Returns the metadata of a file. */
    public static Map<String, String> metadata(Path file) throws IOException {
        JsonNode noted = tree(file, map(file)).path("__metadata__");
        Map<String, String> metadata = new LinkedHashMap<>();
        noted.properties()
                .forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
        return metadata;
    }

    /** Returns the tensors of a model folder by name, without their values. */
    public static Map<String, Info> list(Path folder) throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (Path file : WeightFiles.of(folder)) {
            map(file, entries);
        }
        Map<String, Info> infos = new LinkedHashMap<>();
        entries.forEach((name, entry) -> infos.put(name, entry.info));
        return infos;
    }

    private static MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            // The mapping lives as long as any tensor in it.
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
        }
    }

    /** The whole file; adds its tensors. */
    private static MemorySegment map(Path file, Map<String, Entry> entries) throws IOException {
        MemorySegment all = map(file);
        JsonNode tree = tree(file, all);
        MemorySegment data = all.asSlice(8 + all.get(LONG, 0));
        for (var tensor : tree.properties()) {
            if (!tensor.getKey().equals("__metadata__")) {
                entries.put(tensor.getKey(), entry(file, tensor.getKey(), tensor.getValue(), data));
            }
        }
        return all;
    }

    /** The header: a type, a shape and a place for each tensor. */
    private static JsonNode tree(Path file, MemorySegment all) throws IOException {
        if (all.byteSize() < 8) {
            throw new IOException("%s is truncated: %d bytes".formatted(file, all.byteSize()));
        }
        long header = all.get(LONG, 0);
        if (header < 2 || header > all.byteSize() - 8 || header > LARGEST_HEADER) {
            throw new IOException(
                    "%s is truncated or not a safetensors file: header of %d bytes in a file of %d; it has at most %d"
                            .formatted(file, header, all.byteSize(), LARGEST_HEADER));
        }
        JsonNode tree = header(file, all.asSlice(8, header));
        if (!tree.isObject()) {
            throw new IOException(file + " is not a safetensors file: its header is not a JSON object");
        }
        return tree;
    }

    private static JsonNode header(Path file, MemorySegment bytes) throws IOException {
        try {
            return JSON.readTree(bytes.toArray(ValueLayout.JAVA_BYTE));
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is not a safetensors file: its header is not JSON", e);
        }
    }

    private static Entry entry(Path file, String name, JsonNode tensor, MemorySegment data) throws IOException {
        String dtype = tensor.path("dtype").asText();
        Shape shape = shape(file, name, tensor.path("shape"));
        long from = tensor.path("data_offsets").path(0).asLong(-1);
        long to = tensor.path("data_offsets").path(1).asLong(-1);
        if (from < 0 || to < from || to > data.byteSize()) {
            throw new IOException("%s is truncated: tensor %s lies at bytes %d to %d of %d"
                    .formatted(file, name, from, to, data.byteSize()));
        }
        if (!WIDTHS.containsKey(dtype)) {
            throw new IOException("%s: tensor %s has type %s; supported: %s"
                    .formatted(file, name, dtype, String.join(", ", WIDTHS.keySet())));
        }
        int width = WIDTHS.get(dtype);
        if (shape.size() != (to - from) / width || (to - from) % width != 0) {
            throw new IOException("%s: tensor %s of type %s and shape %s should have %d bytes, has %d"
                    .formatted(file, name, dtype, shape, shape.size() * width, to - from));
        }
        return new Entry(new Info(file, dtype, shape, to - from), data.asSlice(from, to - from));
    }

    /** Parses a shape. A product that overflows could be that of another shape. */
    private static Shape shape(Path file, String name, JsonNode dimensions) throws IOException {
        long[] shape = new long[Math.min(dimensions.size(), MOST_DIMENSIONS)];
        boolean valid = dimensions.isArray() && dimensions.size() == shape.length;
        BigInteger size = BigInteger.ONE;
        for (int i = 0; i < shape.length; i++) {
            JsonNode dimension = dimensions.get(i);
            valid &= dimension.isIntegralNumber() && dimension.canConvertToLong() && dimension.longValue() >= 0;
            shape[i] = dimension.longValue();
            size = size.multiply(BigInteger.valueOf(shape[i]));
        }
        if (!valid || size.bitLength() >= Long.SIZE - 4) {
            throw new IOException(
                    "%s: tensor %s has a shape that no tensor has: %s".formatted(file, name, Arrays.toString(shape)));
        }
        return new Shape(shape);
    }

    @Override
    public NDArray tensor(String name, Shape shape, Init init) {
        return tensor(name, shape, type);
    }

    @Override
    public NDArray float32(String name, Shape shape, Init init) {
        return tensor(name, shape, Optional.of(DataType.FLOAT32));
    }

    private NDArray tensor(String name, Shape shape, Optional<DataType> wanted) {
        Entry entry = entries.get(name);
        Info.check(name, shape, entry == null ? null : entry.info, place);
        // Of most tensors another arrangement or type has been made by now, beside which their pages would stay in
        // memory; those of the others come back when they are used.
        unload();
        NDArray array = array(entry);
        if (wanted.isEmpty() || array.getDataType() == wanted.get()) {
            return array;
        }
        try (array) {
            return Ops.cast(array, wanted.get());
        }
    }

    @Override
    public void unload() {
        files.forEach(MemorySegment::unload);
    }

    /** An array over the mapped file, in the page cache: it keeps the mapping alive. */
    private NDArray array(Entry entry) {
        DataType fileType = TYPES.get(entry.info.dtype);
        return fileType == null // which DJL cannot create
                ? Torch.tensor(manager, floats(entry), entry.info.shape)
                : manager.create(entry.bytes.asByteBuffer(), entry.info.shape, fileType);
    }

    private static float[] floats(Entry entry) {
        MemorySegment bytes = entry.bytes;
        var values = new float[Math.toIntExact(entry.info.shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (entry.info.dtype) {
                case "BF16" -> Float.intBitsToFloat(bytes.get(SHORT, 2L * i) << 16);
                case "F64" -> (float) bytes.get(DOUBLE, 8L * i);
                case "F8_E5M2" -> Float.float16ToFloat((short) (bytes.get(ValueLayout.JAVA_BYTE, i) << 8));
                case "F8_E4M3" -> float8(bytes.get(ValueLayout.JAVA_BYTE, i));
                default -> throw new IllegalStateException(entry.info.dtype);
            };
        }
        return values;
    }

    /** Four bits of exponent and three of fraction, without infinity (Micikevicius et al., 2022, §3). */
    private static float float8(byte bits) {
        int exponent = bits >> 3 & 15;
        int fraction = bits & 7;
        if (exponent == 15 && fraction == 7) {
            return Float.NaN;
        }
        float value =
                exponent == 0 ? Math.scalb((float) fraction, -9) : Math.scalb((float) (8 + fraction), exponent - 10);
        return bits < 0 ? -value : value;
    }

    @Override
    public Shape shape(String name) {
        return entries.get(name).info.shape;
    }

    @Override
    public Set<String> names() {
        return entries.keySet();
    }

    @Override
    public String origin() {
        return place.toString();
    }

    /**
     * Writes tensors to a file, which appears under its name only when it is complete.
     *
     * @param type FLOAT32 or FLOAT16, the type in the file
     */
    public static void write(Path file, Map<String, NDArray> tensors, DataType type) throws IOException {
        if (type != DataType.FLOAT32 && type != DataType.FLOAT16) {
            throw new IllegalArgumentException("type must be FLOAT32 or FLOAT16, was " + type);
        }
        int width = type.getNumOfBytes();
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("__metadata__", Map.of("format", "pt"));
        long offset = 0;
        for (var tensor : tensors.entrySet()) {
            Shape shape = tensor.getValue().getShape();
            long end = offset + shape.size() * width;
            Map<String, Object> entry = new LinkedHashMap<>(); // in this order, so that equal tensors give equal files
            entry.put("dtype", type == DataType.FLOAT32 ? "F32" : "F16");
            entry.put("shape", shape.getShape());
            entry.put("data_offsets", List.of(offset, end));
            header.put(tensor.getKey(), entry);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(header);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8); // values start at a multiple of eight bytes
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (FileChannel channel = FileChannel.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            writeAll(channel, littleEndian(8).putLong(padded.length).flip());
            writeAll(channel, ByteBuffer.wrap(padded));
            for (NDArray tensor : tensors.values()) {
                writeAll(channel, values(tensor.toFloatArray(), type));
            }
            channel.force(true);
        }
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static ByteBuffer values(float[] values, DataType type) {
        ByteBuffer bytes = littleEndian(values.length * type.getNumOfBytes());
        for (float value : values) {
            if (type == DataType.FLOAT32) {
                bytes.putFloat(value);
            } else {
                bytes.putShort(Float.floatToFloat16(value));
            }
        }
        return bytes.flip();
    }

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
