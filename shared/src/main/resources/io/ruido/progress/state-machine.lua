-- The life of a job and its images. Every change of state and the event that tells of it are one atomic step.
--   KEYS[1] ruido:job:{id}      hash: state, request, count, tenant, submitted, expires, started, finished, error, events,
--                               done, and for each image i: i:state, i:step, i:worker, i:lease, i:attempt, i:key
--   KEYS[2] ruido:events:{id}   stream of numbered events, and the pub/sub channel that carries each as it happens
--   KEYS[3] ruido:jobs          sorted set of all ids
--   KEYS[4] ruido:unpublished   sorted set of ids, by the time they were submitted, that Kafka may not have
--   KEYS[5] ruido:deadlines     sorted set of ids by the time they expire
--   KEYS[6] ruido:finished      sorted set of ids by the time they may be forgotten
--   ARGV[1] the operation; ARGV[2] the job's id; ARGV[3] how long a finished job is kept; then the operation's arguments
-- The clock is Redis' own: leases and deadlines must not depend on how well the others' clocks agree.
local job, events, jobs, unpublished, deadlines, finished = unpack(KEYS)
local operation, id, retention = ARGV[1], ARGV[2], tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local terminal = { SUCCEEDED = true, FAILED = true, CANCELLED = true, EXPIRED = true }

local function get(field)
    return redis.call('HGET', job, field) or nil
end

local function emit(event)
    event.number = redis.call('HINCRBY', job, 'events', 1)
    event.time = now
    local json = cjson.encode(event)
    redis.call('XADD', events, event.number .. '-0', 'event', json)
    redis.call('PUBLISH', events, json)
end

local function enter(state, error)
    redis.call('HSET', job, 'state', state)
    emit({ type = 'state', state = state, error = error })
end

local function enter_image(i, state)
    redis.call('HSET', job, i .. ':state', state)
    emit({ type = 'image', index = tonumber(i), state = state, attempt = tonumber(get(i .. ':attempt')) })
end

local function finish(state, error)
    redis.call('HSET', job, 'finished', now)
    if error then redis.call('HSET', job, 'error', error) end
    enter(state, error)
    redis.call('ZADD', finished, now + retention, id)
    -- An expired job stays there until somebody has put it into the history.
    if state ~= 'EXPIRED' then redis.call('ZREM', deadlines, id) end
end

-- An attempt is a fencing token: a worker that was given up for dead cannot write over its successor.
local function fenced(i, attempt)
    return get(i .. ':attempt') ~= attempt or get(i .. ':state') == 'SUCCEEDED'
end

local operations = {}

-- A key that was used before gives the job that it was used for, if that was asked for in the same words.
function operations.submit(request, count, submitted_at, tenant, expires_in, key, fingerprint, keep_key)
    if redis.call('EXISTS', job) == 1 then return 'KNOWN ' .. id end
    if key ~= '' then
        local known = redis.call('GET', key)
        if known then
            local same, words = string.match(known, '(%S+) (%S+)')
            return words == fingerprint and 'KNOWN ' .. same or 'OTHER'
        end
        redis.call('SET', key, id .. ' ' .. fingerprint, 'PX', keep_key)
    end
    redis.call('HSET', job, 'request', request, 'count', count, 'tenant', tenant, 'submitted', now, 'done', 0)
    local expires = ''
    if expires_in ~= '' then
        expires = now + expires_in
        redis.call('HSET', job, 'expires', expires)
        redis.call('ZADD', deadlines, expires, id)
    end
    redis.call('ZADD', jobs, 0, id)
    redis.call('ZADD', unpublished, submitted_at, id)
    for i = 0, count - 1 do
        redis.call('HSET', job, i .. ':state', 'QUEUED', i .. ':step', 0, i .. ':attempt', 0)
    end
    enter('QUEUED')
    return 'OK ' .. expires
end

function operations.encode()
    if get('state') == 'QUEUED' then
        redis.call('HSET', job, 'started', now)
        enter('ENCODING')
    end
    return 'OK'
end

-- One worker owns an image while its lease lasts; progress extends the lease.
function operations.claim(i, worker, lease)
    local state = get(i .. ':state')
    if not state then return 'UNKNOWN' end
    if state == 'SUCCEEDED' then return state end
    local held = tonumber(get(i .. ':lease') or 0) - now
    if held > 0 then return 'OWNED ' .. held end
    local attempt = redis.call('HINCRBY', job, i .. ':attempt', 1)
    redis.call('HSET', job, i .. ':worker', worker, i .. ':lease', now + lease, i .. ':step', 0)
    redis.call('HSETNX', job, 'started', now)
    if get('state') ~= 'SAMPLING' then enter('SAMPLING') end
    enter_image(i, 'SAMPLING')
    return 'CLAIMED ' .. attempt
end

function operations.step(i, attempt, lease, step, steps, preview)
    if fenced(i, attempt) then return 'LOST' end
    redis.call('HSET', job, i .. ':step', step, i .. ':lease', now + lease)
    emit({ type = 'step', index = tonumber(i), step = tonumber(step), steps = tonumber(steps),
        preview = preview ~= '' and preview or nil })
    return 'OK'
end

function operations.decode(i, attempt, lease)
    if fenced(i, attempt) then return 'LOST' end
    redis.call('HSET', job, i .. ':lease', now + lease)
    enter_image(i, 'DECODING')
    for other = 0, get('count') - 1 do
        local state = get(other .. ':state')
        if state ~= 'DECODING' and state ~= 'SUCCEEDED' then return 'OK' end
    end
    enter('DECODING')
    return 'OK'
end

function operations.renew(i, attempt, lease)
    if fenced(i, attempt) then return 'LOST' end
    redis.call('HSET', job, i .. ':lease', now + lease)
    return 'OK'
end

-- Ends the lease early, so that the next worker need not wait for it.
function operations.release(i, attempt)
    if fenced(i, attempt) then return 'LOST' end
    redis.call('HSET', job, i .. ':lease', 0)
    enter_image(i, 'QUEUED')
    return 'OK'
end

function operations.succeed(i, attempt, key)
    if fenced(i, attempt) then return 'LOST' end
    redis.call('HSET', job, i .. ':key', key)
    enter_image(i, 'SUCCEEDED')
    emit({ type = 'result', index = tonumber(i), key = key })
    if redis.call('HINCRBY', job, 'done', 1) == tonumber(get('count')) then finish('SUCCEEDED') end
    return 'OK'
end

-- FAILED, CANCELLED or EXPIRED: images that have no result share the job's fate, and whoever samples them is told at
-- its next step.
function operations.fail(state, error)
    for i = 0, get('count') - 1 do
        if get(i .. ':state') ~= 'SUCCEEDED' then redis.call('HSET', job, i .. ':state', state) end
    end
    finish(state, error ~= '' and error or nil)
    return 'OK'
end

-- Asked for when the deadline has come; the answer is the state below.
function operations.expire()
    return 'OK'
end

local state = get('state')
if operation ~= 'submit' then
    if not state then return 'UNKNOWN' end
    if terminal[state] then return state end
    if now >= tonumber(get('expires') or math.huge) then
        operations.fail('EXPIRED', '')
        return 'EXPIRED'
    end
end
return operations[operation](unpack(ARGV, 4))
