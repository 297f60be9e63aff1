/**
 * Redis: the names of keys ({@code RedisKeys}), and the Lua scripts that change jobs and queues atomically. {@code JobStore}
 * is the truth about jobs, {@code EventStream} carries their events.
 */
package io.ruido.redis;
