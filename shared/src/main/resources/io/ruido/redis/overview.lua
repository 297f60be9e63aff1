-- Waiting, running and finished jobs: JSON, an object for each model.
--   ARGV[4] number of the last minutes to report, this one included; then the models
local function waiting(model, urgency)
    local oldest = now
    for _, tenant in ipairs(redis.call('ZRANGE', key(model, 'turns', urgency), 0, -1)) do
        local first = redis.call('ZRANGE', key(model, 'waiting', urgency, tenant), 0, 0, 'WITHSCORES')[2]
        oldest = math.min(oldest, tonumber(first or now))
    end
    local counted = redis.call('HMGET', key(model, 'backlog'), 'jobs:' .. urgency, 'images:' .. urgency)
    local jobs = tonumber(counted[1] or 0)
    return { jobs = jobs, images = math.max(jobs, tonumber(counted[2] or 0)), oldest = now - oldest }
end

local function counts(hash)
    local found, all = {}, redis.call('HGETALL', hash)
    for n = 1, #all, 2 do found[all[n]] = tonumber(all[n + 1]) end
    return found
end

local function minutes(model)
    local this, told = math.floor(now / MINUTE), {}
    for n = this - ARGV[4] + 1, this do
        table.insert(told, { at = n * MINUTE, counts = counts(key(model, 'minute', n)) })
    end
    return #told > 0 and told or nil
end

local models = {}
for n = 5, #ARGV do
    local model = ARGV[n]
    table.insert(models, {
        model = model,
        waiting = { waiting(model, '1'), waiting(model, '2') },
        admitted = redis.call('SCARD', key(model, 'admitted')),
        workers = redis.call('ZCOUNT', worker_keys .. model, now, '+inf'),
        finished = counts(key(model, 'finished')),
        minutes = minutes(model),
    })
end
return cjson.encode(models)
