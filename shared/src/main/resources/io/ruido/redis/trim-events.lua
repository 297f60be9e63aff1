-- Shortens the events of a job that ended a while ago: of each image's steps the last one stays, and the last one with a preview;
-- of the job's places in the queue none does. Events keep their numbers.
--   KEYS[1] ruido:events:{id}; KEYS[2] sorted set of the jobs whose events are to be trimmed; ARGV[1] the job's id
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
local kept, last_step, last_preview = {}, {}, {}
for n, entry in ipairs(entries) do
    local event = cjson.decode(entry[2][2])
    if event.type == 'step' then
        last_step[event.index] = n
        if event.preview then last_preview[event.index] = n end
    elseif event.type ~= 'queue' then
        kept[n] = true
    end
end
for _, steps in ipairs({ last_step, last_preview }) do
    for _, n in pairs(steps) do kept[n] = true end
end
-- A new stream: one that entries are deleted from keeps the memory of all that lie beside others.
redis.call('DEL', KEYS[1])
for n, entry in ipairs(entries) do
    if kept[n] then redis.call('XADD', KEYS[1], entry[1], unpack(entry[2])) end
end
redis.call('ZREM', KEYS[2], ARGV[1])
return 'OK'
