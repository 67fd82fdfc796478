/**
 * Takes a client's place in one step, so that replicas that ask at the same time can't both have the last one.
 *
 * KEYS: the bucket (a hash of tokens and the time it was filled), the requests in progress (a sorted set by the end of
 * their lease), and what says that this request has ended (see `FREE`). ARGV: requests per period and its milliseconds,
 * both 0 without a rate; the concurrency, 0 without one; the request's id; milliseconds of a lease. The answer is what
 * refuses (`rate`, `concurrency`, `ended` or nothing) and milliseconds to wait. The clock is the store's own: those of
 * the replicas may differ.
 */
export const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local requests, period, concurrency = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local id, lease = ARGV[4], tonumber(ARGV[5])
if redis.call('EXISTS', KEYS[3]) == 1 then return {'ended', 0} end
if concurrency > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if redis.call('ZCARD', KEYS[2]) >= concurrency then return {'concurrency', 1000} end
end
if requests > 0 then
  local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
  local tokens = tonumber(bucket[1]) or requests
  local at = tonumber(bucket[2]) or now
  tokens = math.min(requests, tokens + math.max(0, now - at) * requests / period)
  local isOver = tokens + 1e-6 < 1
  if not isOver then tokens = math.max(0, tokens - 1) end
  redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
  redis.call('PEXPIRE', KEYS[1], period + 1000)
  if isOver then return {'rate', math.ceil((1 - tokens) * period / requests)} end
end
if concurrency > 0 then
  redis.call('ZADD', KEYS[2], now + lease, id)
  redis.call('PEXPIRE', KEYS[2], lease)
end
return {'', 0}
`;

/** Renews the leases of requests in progress. KEYS: their sorted set. ARGV: milliseconds of a lease, then ids. */
export const RENEW = `
local time = redis.call('TIME')
local untilThen = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], untilThen, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[1]))
return 1
`;

/**
 * Frees the place of a request that has ended. A `TAKE` without an answer may run later, on a connection that was
 * given up: the entry that stays here keeps it from taking a place that would never be freed.
 *
 * KEYS: the requests in progress, and what says that this one has ended. ARGV: the request's id; milliseconds for which
 * that stays, 0 if the answer to `TAKE` is known.
 */
export const FREE = `
redis.call('ZREM', KEYS[1], ARGV[1])
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[2], '1', 'PX', ARGV[2]) end
return 1
`;

/** Fails on a store that takes no writes, and writes nothing. KEYS: one that is not there. */
export const PROBE = `
redis.call('PEXPIRE', KEYS[1], 1)
return 1
`;
