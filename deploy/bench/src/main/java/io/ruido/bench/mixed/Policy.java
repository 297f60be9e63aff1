package io.ruido.bench.mixed;

import java.util.List;

/** A way to work off jobs that come at given times. */
@FunctionalInterface
interface Policy {
    /**
     * Returns when all jobs are done.
     *
     * @return for each arrival when its picture was there, in seconds after the first arrival
     */
    List<Double> run(List<MixedLoad.Arrival> arrivals) throws Exception;
}
