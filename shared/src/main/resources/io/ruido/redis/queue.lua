-- The queue of each model. Only as many images as the model's workers can start soon are admitted to Kafka, so that the
-- order is decided as late as possible. The one that has received the least work is next: first between urgencies, each with
-- its share, then between the tenants of an urgency. The model's family defines the work of an image.
--   ruido:queue:<model>:turns                     sorted set of urgencies by received work divided by share
--   ruido:queue:<model>:turns:<urgency>           sorted set of tenants by received work
--   ruido:queue:<model>:waiting:<urgency>:<tenant>  sorted set of ids by arrival
--   ruido:queue:<model>:backlog                   hash: waiting work of <urgency>:<tenant> and <urgency>, jobs:<urgency>,
--                                                 images:<urgency>
--   ruido:queue:<model>:admitted                  set of images, <id>/<i>, that are not finished
--   ruido:queue:<model>:figures                   hash: load, the admitted work; work, steps and time of recently finished
--                                                 images
--   ruido:queue:<model>:finished                  hash: number of jobs that ever reached each terminal state
--   ruido:queue:<model>:minute:<n>                hash of the n-th minute: jobs by terminal state, images and steps
--   ruido:workers:<model>                         sorted set of "<slots> <worker>" by the end of the worker's lease
local SHARE = { ['1'] = 8, ['2'] = 1 } -- interactive, batch
local LATELY = 0.9
local CALLER_PUBLISHES_WITHIN = 30000
local MINUTE = 60000
local MINUTES_ARE_KEPT = 3700 -- in seconds

local function key(model, ...)
    return queue_keys .. table.concat({ model, ... }, ':')
end

local function entry(of)
    local f = redis.call('HMGET', job_key(of), 'model', 'urgency', 'tenant', 'count', 'each', 'steps')
    local e = { id = of, model = f[1], urgency = f[2], tenant = f[3], count = tonumber(f[4]), each = tonumber(f[5]),
        steps = tonumber(f[6]) }
    e.work = e.count * e.each
    e.line = e.urgency .. ':' .. e.tenant
    e.waiting = key(e.model, 'waiting', e.line)
    return e
end

local function add_to_backlog(e, sign)
    local backlog = key(e.model, 'backlog')
    redis.call('HINCRBY', backlog, e.line, sign * e.work)
    redis.call('HINCRBY', backlog, e.urgency, sign * e.work)
    local jobs = redis.call('HINCRBY', backlog, 'jobs:' .. e.urgency, sign)
    redis.call('HINCRBY', backlog, 'images:' .. e.urgency, sign * e.count)
    -- Gateways of a version that does not count images may have added or taken some of the jobs.
    if jobs == 0 then redis.call('HSET', backlog, 'images:' .. e.urgency, 0) end
end

-- A tenant that was idle starts as the next one: unused shares are not saved up, and work received in advance stays counted.
local function join(turns, member)
    if not redis.call('ZSCORE', turns, member) then
        redis.call('ZADD', turns, redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')[2] or 0, member)
    end
end

local function line_up(e)
    redis.call('ZADD', e.waiting, now, e.id)
    add_to_backlog(e, 1)
    join(key(e.model, 'turns', e.urgency), e.tenant)
    join(key(e.model, 'turns'), e.urgency)
end

local function leave_line(e)
    local left = redis.call('ZREM', e.waiting, e.id) == 1
    if left then add_to_backlog(e, -1) end
    return left
end

local function take(e)
    for i = 0, e.count - 1 do
        if redis.call('SADD', key(e.model, 'admitted'), e.id .. '/' .. i) == 1 then
            redis.call('HINCRBY', key(e.model, 'figures'), 'load', e.each)
        end
    end
end

local function let_go(e, i)
    if redis.call('SREM', key(e.model, 'admitted'), e.id .. '/' .. i) == 1 then
        redis.call('HINCRBY', key(e.model, 'figures'), 'load', -e.each)
    end
end

-- The first one with a waiting job; those without one are removed.
local function next_of(turns, find)
    local member = redis.call('ZRANGE', turns, 0, 0)[1]
    while member do
        local found = find(member)
        if found then return found end
        redis.call('ZREM', turns, member)
        member = redis.call('ZRANGE', turns, 0, 0)[1]
    end
end

local function next_job(model)
    return next_of(key(model, 'turns'), function(urgency)
        return next_of(key(model, 'turns', urgency), function(tenant)
            return redis.call('ZRANGE', key(model, 'waiting', urgency, tenant), 0, 0)[1]
        end)
    end)
end

local function slots(model)
    local sum = 0
    for _, worker in ipairs(redis.call('ZRANGE', worker_keys .. model, now, '+inf', 'BYSCORE')) do
        sum = sum + tonumber(string.match(worker, '^%d+'))
    end
    return sum
end

-- Jobs and work that will be admitted before a waiting job, as known now.
local function ahead(e)
    local backlog = key(e.model, 'backlog')
    local turns = redis.call('ZRANGE', key(e.model, 'turns', e.urgency), 0, -1, 'WITHSCORES')
    local rank = redis.call('ZRANK', e.waiting, e.id)
    local work = rank * redis.call('HGET', backlog, e.line) / redis.call('ZCARD', e.waiting)
    local count, until_score = rank, work + redis.call('ZSCORE', key(e.model, 'turns', e.urgency), e.tenant)
    for n = 1, #turns, 2 do
        local line = e.urgency .. ':' .. turns[n]
        local had = tonumber(redis.call('HGET', backlog, line) or 0)
        if turns[n] ~= e.tenant and had > 0 then
            local before = math.min(had, math.max(0, until_score - turns[n + 1]))
            work = work + before
            count = count + redis.call('ZCARD', key(e.model, 'waiting', line)) * before / had
        end
    end
    local own_score = redis.call('ZSCORE', key(e.model, 'turns'), e.urgency) + work / SHARE[e.urgency]
    for other, share in pairs(SHARE) do
        local score = redis.call('ZSCORE', key(e.model, 'turns'), other)
        local had = tonumber(redis.call('HGET', backlog, other) or 0)
        if other ~= e.urgency and score and had > 0 then
            local before = math.min(had, math.max(0, (own_score - score) * share))
            work = work + before
            count = count + redis.call('HGET', backlog, 'jobs:' .. other) * before / had
        end
    end
    return math.floor(count + 0.5), work
end

-- Work that a slot does in a millisecond, the number of slots, and the milliseconds of a step, large or small: slots share the
-- denoiser and take turns by steps. Nil while nothing was finished or no worker is running.
local function pace(model)
    local f = redis.call('HMGET', key(model, 'figures'), 'work', 'time', 'steps')
    local places = slots(model)
    if f[3] and places > 0 then return f[1] / math.max(1, f[2]), places, f[2] / f[3] end
end

local function count_finished(model, what, by)
    local minute = key(model, 'minute', math.floor(now / MINUTE))
    redis.call('HINCRBY', minute, what, by)
    redis.call('EXPIRE', minute, MINUTES_ARE_KEPT)
end

local function note_pace(e, time)
    local figures = key(e.model, 'figures')
    local f = redis.call('HMGET', figures, 'work', 'time', 'steps')
    redis.call('HSET', figures, 'work', (f[1] or 0) * LATELY + e.each, 'time', (f[2] or 0) * LATELY + time,
        'steps', (f[3] or 0) * LATELY + e.steps)
end

-- Admitted work that no slot has yet. Work in the slots does not count: as it ends, the next begins.
local function load_ahead(model, places)
    local admitted = redis.call('SCARD', key(model, 'admitted'))
    if admitted <= places then return 0 end
    return redis.call('HGET', key(model, 'figures'), 'load') * (1 - places / admitted)
end

-- A job's position among waiting jobs, counted from 1, and its expected end; each nil if unknown.
local function outlook(e)
    local position, work
    if redis.call('ZSCORE', e.waiting, e.id) then
        position, work = ahead(e)
        position = position + 1
    end
    local speed, places, step = pace(e.model)
    if not speed then return position end
    local alone = e.steps * step
    if position then
        local rounds = math.ceil(e.count / places)
        return position, math.floor(now + (load_ahead(e.model, places) + work) / speed / places + alone * rounds)
    end
    local left = 0
    for i = 0, e.count - 1 do
        local f = redis.call('HMGET', job_key(e.id), i .. ':state', i .. ':step')
        if f[1] == 'QUEUED' then
            left = math.max(left, load_ahead(e.model, places) / speed / places + alone)
        elseif f[1] ~= 'SUCCEEDED' then
            left = math.max(left, alone * (1 - f[2] / e.steps))
        end
    end
    return nil, math.floor(now + left)
end

local function tell_outlook(e)
    local position, eta = outlook(e)
    emit({ type = 'queue', position = position, eta = eta }, e.id)
end

-- A job gets an event whenever the number of its tenant's jobs before it has halved: often near the end, rarely in total.
local function tell_those_behind(e)
    local rank = 1
    local behind = redis.call('ZRANGE', e.waiting, 0, 0)[1]
    while behind do
        tell_outlook(entry(behind))
        rank = rank * 2
        behind = redis.call('ZRANGE', e.waiting, rank - 1, rank - 1)[1]
    end
end

-- Admits jobs to Kafka while there is room. The gateway that submits a job publishes it if it is among them; any gateway that
-- is notified publishes the others.
local function admit(model)
    local places = slots(model)
    local window = places + math.max(4, math.floor(places / 2))
    local others = false
    while redis.call('SCARD', key(model, 'admitted')) < window do
        local next = next_job(model)
        if not next then break end
        local e = entry(next)
        leave_line(e)
        take(e)
        redis.call('ZINCRBY', key(model, 'turns', e.urgency), e.work, e.tenant)
        redis.call('ZINCRBY', key(model, 'turns'), e.work / SHARE[e.urgency], e.urgency)
        local own = operation == 'submit' and next == id
        redis.call('ZADD', unpublished, own and now + CALLER_PUBLISHES_WITHIN or now, next)
        others = others or not own
        if not own then tell_those_behind(e) end
    end
    if others then redis.call('PUBLISH', dispatch, model) end
end
