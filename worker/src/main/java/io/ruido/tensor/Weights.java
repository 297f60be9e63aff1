package io.ruido.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The named tensors of one model, seen from a place in its tree of names: {@code weights.at("down_blocks").at(0)}. They
 * come from safetensors files or, for training, from a fresh initialiser.
 */
public final class Weights {
    /** The source of the tensors. */
    interface Source {
        NDArray tensor(String name, Shape shape, Init init);

        /** The same in float32, whatever the type of the others is. */
        default NDArray float32(String name, Shape shape, Init init) {
            return tensor(name, shape, init);
        }

        /** The shape of a tensor that it holds. */
        Shape shape(String name);

        /** Names that the source holds; empty when it makes tensors on demand. */
        Set<String> names();

        /** The source's name, for messages. */
        String origin();

        /** Releases the memory of files whose tensors are not in use; using them loads it again. */
        default void unload() {}
    }

    /**
     * What a tensor that a layer computes with has of one module's weight, which is joined with others or cut in parts.
     *
     * @param module its name
     * @param first first of the rows of the module's weight
     * @param count number of these rows
     * @param at where they are among the layer's results
     */
    public record Share(String module, long first, long count, long at) {}

    /** The state that all views of one model share. Tensors are compared by identity. */
    private record Model(
            NDManager manager,
            NDManager cpu,
            Source source,
            Map<String, NDArray> tensors,
            Map<NDArray, List<Share>> shares,
            Set<String> skipped) {}

    private final Model model;
    private final String prefix;
    private final boolean packed;
    private final boolean float32;
    private final int side;

    private Weights(Model model, String prefix, boolean packed, boolean float32, int side) {
        this.model = model;
        this.prefix = prefix;
        this.packed = packed;
        this.float32 = float32;
        this.side = side;
    }

    static Weights of(NDManager manager, Source source) {
        NDManager cpu = manager.newSubManager(Device.cpu());
        return new Weights(
                new Model(manager, cpu, source, new LinkedHashMap<>(), new IdentityHashMap<>(), new HashSet<>()),
                "",
                false,
                false,
                Integer.MAX_VALUE);
    }

    /**
     * The tensors of a model folder, converted to one type.
     *
     * @param folder holds {@code model.safetensors} or {@code diffusion_pytorch_model.safetensors}, whole or in shards
     * @throws IOException naming file and tensor, when a file is missing, cut off or malformed
     */
    public static Weights read(Path folder, NDManager manager, DataType type) throws IOException {
        return of(manager, SafeTensors.open(folder, manager, Optional.of(type)));
    }

    /**
     * Maps the tensors in their stored types, for a model that is recorded. Only float32 tensors can be used to
     * compute.
     */
    public static Weights stored(Path folder, NDManager manager) throws IOException {
        return of(manager, SafeTensors.open(folder, manager, Optional.empty()));
    }

    /**
     * Reads only names and shapes of the tensors. A model that is built from them cannot compute, but shows whether the
     * folder fits.
     *
     * @throws IOException naming file and tensor, when a file is missing, cut off or malformed
     */
    public static Weights shapes(Path folder, NDManager manager) throws IOException {
        return of(manager, new ShapesOnly(folder, SafeTensors.list(folder)));
    }

    /** Fresh float32 tensors with the values that PyTorch's layers start from, drawn from a seed. */
    public static Weights fresh(NDManager manager, long seed) {
        return of(manager, new FreshTensors(manager, seed));
    }

    /**
     * The same for a model that computes and is not trained: some weights are kept as the processor is fastest with
     * them, and have other shapes.
     */
    public Weights packed() {
        return new Weights(model, prefix, true, float32, side);
    }

    /**
     * The same for a part of the model.
     *
     * @param newSide height or width of the feature maps that its convolutions are usually given, the smaller
     */
    public Weights forMaps(int newSide) {
        return new Weights(model, prefix, packed, float32, newSide);
    }

    public Weights at(String name) {
        return new Weights(model, prefix + name + ".", packed, float32, side);
    }

    /**
     * The same, not packed and in float32 whatever the type of the others is: of parts that lose too much in half
     * precision.
     */
    public Weights float32() {
        return new Weights(model, prefix, false, true, side);
    }

    public Weights at(int index) {
        return at(Integer.toString(index));
    }

    /**
     * One tensor; it belongs to the manager of these weights.
     *
     * @throws IllegalArgumentException naming the tensor and the folder, when it is missing or has another shape
     */
    public NDArray get(String name, Init init, long... shape) {
        NDArray tensor = model.tensors.computeIfAbsent(
                prefix + name,
                full -> float32
                        ? model.source.float32(full, new Shape(shape), init)
                        : model.source.tensor(full, new Shape(shape), init));
        if (name.equals("weight") && !prefix.isEmpty() && shape.length > 1) {
            String module = prefix.substring(0, prefix.length() - 1);
            model.shares.putIfAbsent(tensor, List.of(new Share(module, 0, shape[0], 0)));
        }
        return tensor;
    }

    /** What of the modules' weights a tensor has; nothing, where it is no layer's weight. */
    public List<Share> shares(NDArray tensor) {
        return model.shares.getOrDefault(tensor, List.of());
    }

    /** Notes what a tensor has that was made of the weights of some modules. */
    public void share(NDArray tensor, List<Share> shares) {
        model.shares.put(tensor, shares);
    }

    /** Notes that low-rank additions to a tensor's module cannot be applied, so that files with them are refused. */
    public void refuseAdditions(NDArray tensor) {
        model.shares.put(tensor, List.of());
    }

    /** The modules whose weights were read, and that low-rank additions can be made to. */
    public Set<String> modules() {
        return model.shares.values().stream()
                .flatMap(List::stream)
                .map(Share::module)
                .collect(Collectors.toSet());
    }

    /** A module's weight as the file has it, read once more. */
    public NDArray original(String module) {
        return model.source.tensor(module + ".weight", shape(module), Init.ZEROS);
    }

    /** The shape of a module's weight in the file. */
    public Shape shape(String module) {
        return model.source.shape(module + ".weight");
    }

    /**
     * The weight of a convolution.
     *
     * @param shape (out, in, k, k)
     */
    public NDArray kernel(Init init, long stride, long... shape) {
        NDArray weight = get("weight", init, shape);
        boolean patches = stride > 1 && stride == shape[2]; // a matrix product of its own
        boolean packs = shape[2] == 1 ? packsLinear(weight) : packed && Packing.packs(weight);
        if (!packs || patches) {
            return weight;
        }
        List<Share> shares = model.shares.remove(weight);
        NDArray kept = Packing.pack(weight, stride, side);
        model.tensors.put(prefix + "weight", kept);
        model.shares.put(kept, shares);
        return kept;
    }

    /** Returns whether such a weight of a linear layer is kept as the processor is fastest with it. */
    public boolean packsLinear(NDArray weight) {
        return packed && Packing.packsLinear(weight);
    }

    /** Whether there is such a tensor; never for fresh ones. */
    public boolean has(String name) {
        return model.source.names().contains(prefix + name);
    }

    /** A number for an operation, kept in the CPU's memory: an operation that read it from a GPU would wait for it. */
    public NDArray constant(long value) {
        return model.cpu.create(value);
    }

    public NDArray constant(double value) {
        return model.cpu.create(value);
    }

    public NDArray constant(boolean value) {
        return model.cpu.create(value);
    }

    public NDManager manager() {
        return model.manager;
    }

    /** Releases the memory of files whose tensors are not in use; using them loads it again. */
    public void unload() {
        model.source.unload();
    }

    /** All tensors that were read, by full name, in the order of reading. */
    public Map<String, NDArray> tensors() {
        return Collections.unmodifiableMap(model.tensors);
    }

    /** Declares tensors that the model does not use: one name, or all names under it. */
    public void skip(String name) {
        model.source.names().forEach(full -> {
            if (full.equals(prefix + name) || full.startsWith(prefix + name + ".")) {
                model.skipped.add(full);
            }
        });
    }

    /**
     * Checks, once the model is built, that it used every tensor.
     *
     * @throws IllegalArgumentException naming those that it did not
     */
    public void rejectUnread() {
        List<String> unread = new ArrayList<>();
        model.source.names().forEach(name -> {
            if (!model.tensors.containsKey(name) && !model.skipped.contains(name)) {
                unread.add(name);
            }
        });
        if (!unread.isEmpty()) {
            throw new IllegalArgumentException("%s: the model has no place for %d tensors: %s%s"
                    .formatted(
                            model.source.origin(),
                            unread.size(),
                            String.join(", ", unread.subList(0, Math.min(8, unread.size()))),
                            unread.size() > 8 ? ", …" : ""));
        }
    }
}
