package io.ruido.gateway.http;

/**
 * What request bodies may take of a gateway, whoever sends them.
 *
 * @param memory for what is read, and for bodies that are complete
 * @param disk for the parts of large bodies that are still being sent
 */
record BodyBudgets(BodyBudget memory, BodyBudget disk) {
    private static final long LEAST_MEMORY = 64L << 20;
    private static final int SHARE_OF_HEAP = 8;
    private static final long DISK = 1L << 30;

    /** @param largest body, of which there is always room for two */
    static BodyBudgets of(long largest) {
        long heap = Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP;
        return new BodyBudgets(
                new BodyBudget(Math.max(Math.max(LEAST_MEMORY, 2 * largest), heap)),
                new BodyBudget(Math.max(DISK, 2 * largest)));
    }
}
