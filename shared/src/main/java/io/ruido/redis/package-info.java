/**
 * Redis: the names of keys ({@code RedisKeys}), and the Lua scripts that change jobs and queues atomically.
 * {@code JobStore} has the state of jobs, and {@code EventStream} delivers their events.
 */
package io.ruido.redis;
