-- Names, clock and events, shared by the state machine and the queue.
--   KEYS    the names in RedisKeys
--   ARGV[1] the operation; ARGV[2] the job's id; ARGV[3] how long a finished job is kept; then the operation's arguments
-- The clock is Redis' own: leases and deadlines must not depend on whether other clocks agree.
local job_keys, event_keys, queue_keys, worker_keys, jobs, unpublished, deadlines, finished, dispatch, webhooks,
    live_webhooks, trims, jobs_by_state = unpack(KEYS)
local operation, id, retention = ARGV[1], ARGV[2], tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function job_key(of)
    return job_keys .. '{' .. of .. '}'
end

local job = job_key(id)

local function get(field)
    return redis.call('HGET', job, field) or nil
end

-- Numbers an event, appends it to the job's stream and publishes it on the channel of the same name.
local function emit(event, of)
    local events = event_keys .. '{' .. (of or id) .. '}'
    event.number = redis.call('HINCRBY', job_key(of or id), 'events', 1)
    event.time = now
    local json = cjson.encode(event)
    redis.call('XADD', events, event.number .. '-0', 'event', json)
    redis.call('PUBLISH', events, json)
end
