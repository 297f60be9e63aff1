package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A graph in ONNX' format while it is being written, as {@code onnx.proto} describes its messages. Values are known by
 * their names, weights by the arrays that they are in.
 */
final class Graph {
    private static final long OPSET = 20;
    private static final long IR_VERSION = 9;
    private static final String CONTRIB = "com.microsoft";
    private static final int EXTERNAL = 1;

    /** Smaller tensors are part of the graph: kernels need the values of some when they are made. */
    private static final int INLINE = 1024;

    /** A message of protocol buffers while it is being written. */
    private static final class Message {
        @FunctionalInterface
        private interface Field {
            void write(CodedOutputStream out) throws IOException;
        }

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final CodedOutputStream out = CodedOutputStream.newInstance(bytes);

        private Message with(Field field) {
            try {
                field.write(out);
                return this;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Message number(int field, long value) {
            return with(to -> to.writeInt64(field, value));
        }

        Message decimal(int field, float value) {
            return with(to -> to.writeFloat(field, value));
        }

        Message text(int field, String value) {
            return with(to -> to.writeString(field, value));
        }

        Message raw(int field, byte[] value) {
            return with(to -> to.writeByteArray(field, value));
        }

        Message message(int field, Message value) {
            return raw(field, value.bytes());
        }

        byte[] bytes() {
            with(CodedOutputStream::flush);
            return bytes.toByteArray();
        }
    }

    private final Message graph = new Message().text(2, "step");
    private final Map<NDArray, String> names = new IdentityHashMap<>();
    private final Map<String, NDArray> weights = new LinkedHashMap<>();
    private final Map<List<?>, String> constants = new HashMap<>();
    private int nodes;
    private int values;

    /** Adds a node with one result. Attributes are whole numbers, decimals, texts, or lists of whole numbers. */
    String node(String op, Map<String, Object> attributes, String... inputs) {
        return nodes("", op, 1, attributes, inputs).getFirst();
    }

    /** Adds a node of an operation that only ONNX Runtime has. */
    String contrib(String op, Map<String, Object> attributes, String... inputs) {
        return nodes(CONTRIB, op, 1, attributes, inputs).getFirst();
    }

    /** Adds a node with several results. */
    List<String> nodes(String op, int results, Map<String, Object> attributes, String... inputs) {
        return nodes("", op, results, attributes, inputs);
    }

    private List<String> nodes(
            String domain, String op, int results, Map<String, Object> attributes, String... inputs) {
        var node = new Message();
        for (String input : inputs) {
            node.text(1, input);
        }
        String[] outputs = new String[results];
        for (int i = 0; i < results; i++) {
            outputs[i] = "v" + values++;
            node.text(2, outputs[i]);
        }
        node.text(3, op + "_" + nodes++).text(4, op);
        // In order, so that equal graphs have equal bytes.
        attributes.keySet().stream().sorted().forEach(name -> node.message(5, attribute(name, attributes.get(name))));
        graph.message(1, node.text(7, domain));
        return List.of(outputs);
    }

    private static Message attribute(String name, Object value) {
        Message attribute = new Message().text(1, name);
        return switch (value) {
            case Float number -> attribute.decimal(2, number).number(20, 1);
            case Long number -> attribute.number(3, number).number(20, 2);
            case String text -> attribute.text(4, text).number(20, 3);
            case long[] numbers -> {
                Arrays.stream(numbers).forEach(number -> attribute.number(8, number));
                yield attribute.number(20, 7);
            }
            default -> throw new IllegalArgumentException("unsupported type of an attribute: " + value);
        };
    }

    /** Adds a weight, or another array whose values are known. */
    String weight(NDArray array) {
        return names.computeIfAbsent(array, this::add);
    }

    private String add(NDArray array) {
        String name = "w" + names.size();
        long[] sides = array.getShape().getShape();
        if (array.getShape().size() <= INLINE) {
            ByteBuffer values = array.toByteBuffer(false);
            byte[] bytes = new byte[values.remaining()];
            values.get(bytes);
            graph.message(5, tensor(name, array.getDataType(), sides).raw(9, bytes));
            return name;
        }
        Message location = new Message().text(1, "location").text(2, "weights");
        graph.message(
                5,
                tensor(name, array.getDataType(), sides).message(13, location).number(14, EXTERNAL));
        weights.put(name, array);
        return name;
    }

    private static Message tensor(String name, DataType type, long... sides) {
        var tensor = new Message();
        Arrays.stream(sides).forEach(side -> tensor.number(1, side));
        return tensor.number(2, type(type)).text(8, name);
    }

    /** Returns ONNX' number of a type. */
    static long type(DataType type) {
        return switch (type) {
            case FLOAT32 -> 1;
            case INT64 -> 7;
            case FLOAT16 -> 10;
            default -> throw new UnsupportedOperationException("a plan has no arrays of type " + type);
        };
    }

    /** Adds whole numbers as a vector. */
    String numbers(long... numbers) {
        return constant(List.of("numbers", Arrays.toString(numbers)), name -> {
            Message tensor = tensor(name, DataType.INT64, numbers.length);
            Arrays.stream(numbers).forEach(number -> tensor.number(7, number));
            return tensor;
        });
    }

    /** Adds decimals as a vector. */
    String vector(float... numbers) {
        return constant(List.of("vector", Arrays.toString(numbers)), name -> {
            Message tensor = tensor(name, DataType.FLOAT32, numbers.length);
            for (float number : numbers) {
                tensor.decimal(4, number);
            }
            return tensor;
        });
    }

    /** Adds a vector of the same decimal so many times. */
    String repeated(float number, long times) {
        float[] numbers = new float[Math.toIntExact(times)];
        Arrays.fill(numbers, number);
        return vector(numbers);
    }

    /** Adds one decimal, without a side. */
    String decimal(float number) {
        return constant(List.of("decimal", number), name -> tensor(name, DataType.FLOAT32)
                .decimal(4, number));
    }

    private String constant(List<?> key, Function<String, Message> tensor) {
        return constants.computeIfAbsent(key, _ -> {
            String name = "c" + constants.size();
            graph.message(5, tensor.apply(name));
            return name;
        });
    }

    /**
     * What a run is given.
     *
     * @param sides names of those that may be any, null for those that are always the same
     */
    void input(String name, Shape shape, DataType type, String... sides) {
        var dimensions = new Message();
        for (int i = 0; i < shape.dimension(); i++) {
            boolean any = i < sides.length && sides[i] != null;
            dimensions.message(1, any ? new Message().text(2, sides[i]) : new Message().number(1, shape.get(i)));
        }
        Message tensor = new Message().number(1, type(type)).message(2, dimensions);
        graph.message(11, new Message().text(1, name).message(2, new Message().message(1, tensor)));
    }

    /** Makes a value the result of a run, under another name. */
    void output(String name, Value value) {
        graph.message(
                1,
                new Message().text(1, value.name()).text(2, name).text(3, name).text(4, "Identity"));
        Message tensor = new Message().number(1, type(value.type()));
        graph.message(12, new Message().text(1, name).message(2, new Message().message(1, tensor)));
    }

    /** Returns the tensors that are not in the graph. */
    Map<String, NDArray> weights() {
        return weights;
    }

    byte[] bytes() {
        return new Message()
                .number(1, IR_VERSION)
                .text(2, "ruido")
                .message(7, graph)
                .message(8, new Message().text(1, "").number(2, OPSET))
                .message(8, new Message().text(1, CONTRIB).number(2, 1))
                .bytes();
    }
}
