package io.ruido.train.optimization;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import io.ruido.tensor.Script;
import io.ruido.train.recipe.Optimization;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) with clipping of the gradients' common norm and an exponential moving
 * average of the weights: one native call a step, whatever the number of tensors.
 */
public final class AdamW {
    private static final double EPS = 1e-8;

    private final PtNDManager manager;
    private final PtSymbolBlock module;
    private final List<String> trained;
    private final Map<String, NDArray> weights;
    private final IValue[] lists;

    /**
     * @param parts weights, averages and moments, named as in a {@link Checkpoint}; they are changed in place
     * @param trains by name, which tensors are trained; the others stay as they are
     */
    public AdamW(NDManager manager, Map<String, Map<String, NDArray>> parts, Predicate<String> trains) {
        this.manager = (PtNDManager) manager;
        this.module = Script.load(this.manager, "AdamW", AdamW.class.getResourceAsStream("adamw.py"));
        this.weights = parts.get(Checkpoint.WEIGHTS);
        this.trained = weights.keySet().stream().filter(trains).toList();
        this.lists = Stream.of(Checkpoint.WEIGHTS, Checkpoint.EXP_AVG, Checkpoint.EXP_AVG_SQ, Checkpoint.AVERAGES)
                .map(part -> IValue.listFrom(
                        trained.stream().map(parts.get(part)::get).toArray(PtNDArray[]::new)))
                .toArray(IValue[]::new);
        trained.forEach(name -> weights.get(name).setRequiresGradient(true));
    }

    /** How many numbers are trained. */
    long size() {
        return trained.stream().mapToLong(name -> weights.get(name).size()).sum();
    }

    /**
     * Goes back from a loss to its gradients and applies them.
     *
     * @param loss one number that depends on every trained tensor
     * @param step counted from 0
     * @return the norm of all gradients together, before clipping
     */
    public double update(NDArray loss, Optimization o, int step) {
        try (PtNDArray count = (PtNDArray) manager.create(new float[] {step + 1}, new Shape());
                IValue end = IValue.from((PtNDArray) loss);
                IValue time = IValue.from(count);
                IValue numbers = IValue.listFrom(
                        o.learningRateAt(step), o.beta1(), o.beta2(), o.weightDecay(), EPS, o.clip(), o.emaAt(step));
                IValue norm = IValueUtils.runMethod(
                        module, "update", end, lists[0], lists[1], lists[2], lists[3], time, numbers);
                PtNDArray result = norm.toTensor(manager)) {
            return result.getFloat();
        }
    }
}
