-- The state machine of a job and its images. A change of state and its event are one atomic step.
--   ruido:job:{id}      hash: state, request, count, steps, tenant, model, urgency, each (work of an image), submitted,
--                       expires, published, started, finished, error, events, done, and for each image i: i:state,
--                       i:step, i:worker, i:claimed, i:lease, i:attempt, i:begun (attempts that were not given back),
--                       i:key, i:type (media type of the object with that key); begun: how often its text was encoded;
--                       warnings (a JSON array of texts);
--                       webhook, webhook-events, webhook-attempts and webhook-told if the job has a webhook; trace if it
--                       belongs to one
--   ruido:events:{id}   stream of numbered events, and the pub/sub channel that carries each as it happens
-- Kafka has this time to deliver a record, or to redeliver a dead worker's record: the lock lasts 30 s.
local DELIVERED_WITHIN = 30000
-- How long Redis knows that a deleted job is over: longer than its record can wait in Kafka.
local DELETED_KNOWN = 7 * 24 * 3600 * 1000
-- Who watches a job to its end, or comes back after a short while, sees every event; then they are trimmed.
local WATCHED_FOR = 60000
local terminal = { SUCCEEDED = true, FAILED = true, CANCELLED = true, EXPIRED = true }

local function enter(state, error)
    redis.call('HSET', job, 'state', state)
    emit({ type = 'state', state = state, error = error })
end

local function enter_image(i, state)
    redis.call('HSET', job, i .. ':state', state)
    emit({ type = 'image', index = tonumber(i), state = state, attempt = tonumber(get(i .. ':attempt')) })
end

-- The sets of everybody's and of the tenant's jobs that are live, or that ended in a state.
local function by_state(group, tenant)
    return { jobs_by_state .. group, jobs_by_state .. group .. ':' .. tenant }
end

-- Whether the job's webhook is called for an event; for jobs of earlier versions, only for the end.
local function told_of(event)
    return get('webhook') and string.find(get('webhook-events') or 'ended', event, 1, true)
end

local function finish(state, error)
    local e = entry(id)
    if not leave_line(e) then
        for i = 0, e.count - 1 do let_go(e, i) end
    end
    redis.call('HSET', job, 'finished', now)
    if error then redis.call('HSET', job, 'error', error) end
    enter(state, error)
    for _, set in ipairs(by_state('LIVE', e.tenant)) do redis.call('ZREM', set, id) end
    for _, set in ipairs(by_state(state, e.tenant)) do redis.call('ZADD', set, 0, id) end
    redis.call('HINCRBY', key(e.model, 'finished'), state, 1)
    count_finished(e.model, state, 1)
    redis.call('ZADD', finished, now + retention, id)
    if told_of('ended') then redis.call('ZADD', webhooks, now, id) end
    redis.call('ZADD', trims, now + WATCHED_FOR, id)
    -- An expired job stays in this set until it is in the history.
    if state ~= 'EXPIRED' then redis.call('ZREM', deadlines, id) end
    redis.call('ZREM', unpublished, id)
    admit(e.model)
end

-- A worker has the job: it was admitted, or reached Kafka in another way.
local function begin()
    local e = entry(id)
    if leave_line(e) then take(e) end
    local first = redis.call('HSETNX', job, 'started', now) == 1
    if first and (told_of('started') or told_of('progress')) then redis.call('ZADD', live_webhooks, now, id) end
end

-- An attempt is a fencing token: a worker that was taken for dead cannot overwrite its successor.
local function fenced(i, attempt)
    return get(i .. ':attempt') ~= attempt or get(i .. ':state') == 'SUCCEEDED'
end

local operations = {}

local function full(model, tenant, limit)
    local waiting = 0
    for urgency in pairs(SHARE) do
        waiting = waiting + redis.call('ZCARD', key(model, 'waiting', urgency, tenant))
    end
    return waiting >= tonumber(limit)
end

-- Seconds until the tenant's next job is admitted.
local function retry_after(model, tenant)
    for urgency in pairs(SHARE) do
        local first = redis.call('ZRANGE', key(model, 'waiting', urgency, tenant), 0, 0)[1]
        local speed, places = pace(model)
        if first and speed then
            local e = entry(first)
            local _, work = ahead(e)
            return math.max(1, math.min(60, math.ceil((work + e.work) / speed / places / 1000)))
        end
    end
    return 10
end

-- Takes the new job's fields by name, as JSON. A repeated idempotency key returns the job of its first use if the request is
-- the same.
function operations.submit(fields)
    if redis.call('EXISTS', job) == 1 then return 'KNOWN ' .. id end
    local new = cjson.decode(fields)
    local known = new.idempotency_key and redis.call('GET', new.idempotency_key)
    if known then
        local same, fingerprint = string.match(known, '(%S+) (%S+)')
        if redis.call('HEXISTS', job_key(same), 'request') == 1 then -- it was not deleted
            return fingerprint == new.fingerprint and 'KNOWN ' .. same or 'OTHER'
        end
    end
    if full(new.model, new.tenant, new.max_queued) then return 'FULL ' .. retry_after(new.model, new.tenant) end
    if new.idempotency_key then
        redis.call('SET', new.idempotency_key, id .. ' ' .. new.fingerprint, 'PX', new.idempotency_ttl)
    end
    redis.call('HSET', job, 'request', new.request, 'model', new.model, 'urgency', new.urgency, 'count', new.count,
        'steps', new.steps, 'each', new.work, 'tenant', new.tenant, 'submitted', now, 'done', 0)
    if new.webhook then redis.call('HSET', job, 'webhook', new.webhook, 'webhook-events', new.webhook_events) end
    if new.trace then redis.call('HSET', job, 'trace', new.trace) end
    local expires = '-'
    if new.expires_in then
        expires = now + new.expires_in
        redis.call('HSET', job, 'expires', expires)
        redis.call('ZADD', deadlines, expires, id)
    end
    redis.call('ZADD', jobs, 0, id)
    redis.call('ZADD', jobs .. ':' .. new.tenant, 0, id)
    for _, set in ipairs(by_state('LIVE', new.tenant)) do redis.call('ZADD', set, 0, id) end
    for i = 0, new.count - 1 do
        redis.call('HSET', job, i .. ':state', 'QUEUED', i .. ':step', 0, i .. ':attempt', 0)
    end
    enter('QUEUED')
    local e = entry(id)
    line_up(e)
    admit(new.model)
    local position, eta = outlook(e)
    if position then emit({ type = 'queue', position = position, eta = eta }) end
    return table.concat({ 'OK', expires, position or '-', eta or '-' }, ' ')
end

-- Admits jobs after a worker came or was lost: no change of another job made room for them.
function operations.admit(model)
    admit(model)
    return 'OK'
end

local function look_again(at)
    redis.call('ZADD', unpublished, at, id)
end

-- Kafka has the job. Its record can still be lost with a broker, or after too many deliveries to slots of a dead worker.
function operations.published()
    redis.call('HSET', job, 'published', now)
    look_again(now + DELIVERED_WITHIN)
    return 'OK'
end

-- Whether workers have room for the job, or already have jobs that were published after it.
local function passed_over(e)
    local published, in_hand = tonumber(get('published')), 0
    for _, image in ipairs(redis.call('SMEMBERS', key(e.model, 'admitted'))) do
        local of, i = string.match(image, '(.*)/(.*)')
        local f = redis.call('HMGET', job_key(of), i .. ':lease', 'published')
        if tonumber(f[1] or 0) > now then
            if tonumber(f[2] or 0) > published then return true end
            in_hand = in_hand + 1
        end
    end
    return in_hand < slots(e.model)
end

-- Whether the job must be published: for the first time, or because no worker has any part of it although one should.
function operations.unattended()
    if not get('published') then return 'YES' end
    local lease = 0
    for i = 0, get('count') - 1 do
        lease = math.max(lease, tonumber(get(i .. ':lease') or 0))
    end
    if lease <= now and passed_over(entry(id)) then return 'YES' end
    look_again(math.max(lease, now) + DELIVERED_WITHIN)
    return 'NO'
end

function operations.encode()
    redis.call('HINCRBY', job, 'begun', 1)
    if get('state') == 'QUEUED' then
        begin()
        enter('ENCODING')
    end
    return 'OK'
end

-- Tells, once, of what the images will not have.
function operations.warn(warnings)
    if get('warnings') ~= warnings then
        redis.call('HSET', job, 'warnings', warnings)
        emit({ type = 'warnings', messages = cjson.decode(warnings) })
    end
    return 'OK'
end

-- One worker owns an image while its lease lasts; progress extends the lease.
function operations.claim(i, worker, lease)
    local state = get(i .. ':state')
    if not state then return 'UNKNOWN' end
    if state == 'SUCCEEDED' then return state end
    local held = tonumber(get(i .. ':lease') or 0) - now
    if held > tonumber(lease) then
        -- It was given before the clock was set back. Its owner renews it if it is alive.
        held = tonumber(lease)
        redis.call('HSET', job, i .. ':lease', now + lease)
    end
    if held > 0 then return 'OWNED ' .. held end
    local attempt = redis.call('HINCRBY', job, i .. ':attempt', 1)
    redis.call('HSET', job, i .. ':worker', worker, i .. ':lease', now + lease, i .. ':step', 0,
        i .. ':claimed', now)
    redis.call('HINCRBY', job, i .. ':begun', 1)
    look_again(now + lease + DELIVERED_WITHIN)
    begin()
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
    -- Nothing else reports steps that were made while Redis was unavailable.
    redis.call('HSET', job, i .. ':lease', now + lease, i .. ':step', get('steps'))
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

-- Ends the lease early, so that the next worker does not wait for it.
function operations.release(i, attempt)
    if fenced(i, attempt) then return 'LOST' end
    redis.call('HSET', job, i .. ':lease', 0)
    look_again(now + DELIVERED_WITHIN)
    enter_image(i, 'QUEUED')
    return 'OK'
end

-- The same by a worker that is shutting down: this is not a failure of the image.
function operations.give_back(i, attempt)
    local answer = operations.release(i, attempt)
    if answer == 'OK' then redis.call('HINCRBY', job, i .. ':begun', -1) end
    return answer
end

function operations.succeed(i, attempt, key, media_type)
    if fenced(i, attempt) then return 'LOST' end
    redis.call('HSET', job, i .. ':key', key, i .. ':type', media_type)
    enter_image(i, 'SUCCEEDED')
    emit({ type = 'result', index = tonumber(i), key = key })
    local e = entry(id)
    let_go(e, i)
    note_pace(e, now - get(i .. ':claimed'))
    count_finished(e.model, 'images', 1)
    count_finished(e.model, 'steps', get('steps'))
    if redis.call('HINCRBY', job, 'done', 1) == tonumber(get('count')) then
        finish('SUCCEEDED')
    else
        admit(e.model)
    end
    return 'OK'
end

-- FAILED, CANCELLED or EXPIRED: images without a result get the same state, and their workers learn it at the next step.
function operations.fail(state, error)
    for i = 0, get('count') - 1 do
        if get(i .. ':state') ~= 'SUCCEEDED' then redis.call('HSET', job, i .. ':state', state) end
    end
    finish(state, error ~= '' and error or nil)
    return 'OK'
end

-- Called when the deadline has passed; returns the state below.
function operations.expire()
    return 'OK'
end

-- Keeps nothing of a finished job but its state, by which workers know that it is over.
function operations.delete()
    local state = get('state')
    if not state then return 'UNKNOWN' end
    if not terminal[state] then return state end
    local tenant = get('tenant') or ''
    local all, own = unpack(by_state(state, tenant))
    for _, list in ipairs({ jobs, jobs .. ':' .. tenant, all, own, finished, deadlines, webhooks, live_webhooks, trims }) do
        redis.call('ZREM', list, id)
    end
    redis.call('DEL', job, event_keys .. '{' .. id .. '}')
    redis.call('HSET', job, 'state', state)
    redis.call('PEXPIRE', job, DELETED_KNOWN)
    return 'OK'
end

-- Also returns a live job's position in the queue.
function operations.find()
    if not get('request') then return {} end
    local found = redis.call('HGETALL', job)
    if not terminal[get('state')] then
        local position, eta = outlook(entry(id))
        for field, value in pairs({ position = position, eta = eta }) do
            table.insert(found, field)
            table.insert(found, tostring(value))
        end
    end
    return found
end

local state = get('state')
if operation ~= 'submit' and operation ~= 'admit' and operation ~= 'find' and operation ~= 'delete' then
    if not state then return 'UNKNOWN' end
    if terminal[state] then return state end
    if now >= tonumber(get('expires') or math.huge) then
        operations.fail('EXPIRED', '')
        return 'EXPIRED'
    end
end
return operations[operation](unpack(ARGV, 4))
