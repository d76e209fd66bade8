-- Asks look-ups, one after another, from a file with a line per case: the header Authorization, a tab, the relation.
-- Ends with a line that says how many answers were no 200, and the times as numbers.

local asked, turn, failed = {}, 0, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local bearer, relation = line:match("([^\t]+)\t(.+)")
    local headers = { Authorization = bearer, ["Content-Type"] = "application/json", Host = wrk.host .. ":" .. wrk.port }
    local body = '{"zorgrelatie":"' .. relation .. '","doel":"voorbereiding-huisbezoek"}'
    asked[#asked + 1] = wrk.format("POST", "/v1/raadplegingen", headers, body)
  end
end

function request()
  turn = turn % #asked + 1
  return asked[turn]
end

function response(status)
  if status ~= 200 then failed = failed + 1 end
end

function done(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), bad))
end
