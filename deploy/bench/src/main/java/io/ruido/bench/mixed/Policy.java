package io.ruido.bench.mixed;

import java.util.List;

/** A way to run jobs that arrive at given times. */
@FunctionalInterface
interface Policy {
    /**
     * Runs all jobs.
     *
     * @return for each arrival the time when its image was finished, in seconds after the first arrival
     */
    List<Double> run(List<MixedLoad.Arrival> arrivals) throws Exception;
}
