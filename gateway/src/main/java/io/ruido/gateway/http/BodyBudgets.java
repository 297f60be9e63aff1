package io.ruido.gateway.http;

/**
 * The memory and disk space that all request bodies of a gateway together can take.
 *
 * @param memory for received parts and complete bodies
 * @param disk for large bodies that are not complete yet
 */
record BodyBudgets(BodyBudget memory, BodyBudget disk) {
    private static final long LEAST_MEMORY = 64L << 20;
    private static final int SHARE_OF_HEAP = 8;
    private static final long DISK = 1L << 30;

    /** @param largest size of the largest allowed body; two of them always fit */
    static BodyBudgets of(long largest) {
        long heap = Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP;
        return new BodyBudgets(
                new BodyBudget(Math.max(Math.max(LEAST_MEMORY, 2 * largest), heap)),
                new BodyBudget(Math.max(DISK, 2 * largest)));
    }
}
