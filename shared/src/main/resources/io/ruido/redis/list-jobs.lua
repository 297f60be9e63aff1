-- The newest jobs with a state and a model, in one call. A filter that matches few jobs of the set looks at a limited number and
-- returns where to continue.
--   KEYS[1] sorted set of ids: all, those in a final state, or the live ones; KEYS[2] what the keys of jobs begin with
--   ARGV[1] only jobs before this id, or empty; ARGV[2] a state, or empty; ARGV[3] a model, or empty; ARGV[4] how many;
--   ARGV[5] how many to look at
-- Returns the last id that was looked at, or empty at the end, and then the ids.
local STRIDE = 100
local before, state, model, limit, scan = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local function wanted(id)
    local f = redis.call('HMGET', KEYS[2] .. '{' .. id .. '}', 'state', 'model')
    if not f[1] then redis.call('ZREM', KEYS[1], id) end -- forgotten
    return f[1] and (state == '' or f[1] == state) and (model == '' or f[2] == model)
end

local found, looked = {}, 0
while looked < scan do
    local ids = redis.call('ZREVRANGEBYLEX', KEYS[1], before == '' and '+' or '(' .. before, '-', 'LIMIT', 0, STRIDE)
    for _, id in ipairs(ids) do
        before = id
        looked = looked + 1
        if wanted(id) then table.insert(found, id) end
        if #found == limit then return { before, unpack(found) } end
    end
    if #ids < STRIDE then return { '', unpack(found) } end
end
return { before, unpack(found) }
