-- Q07, Q08 (T07-1, T07-2): star ratings of the ladder's firms (P12); provincial benchmarks first listed since the plan began.
-- plan.md B-14, B-19; indicators.md T7: firms 在萧 on the quarter's last day.
INSERT INTO figures
WITH rated AS (SELECT DISTINCT firm_of(uscc) AS firm FROM D17, asked WHERE rated_on <= q),
counted AS (
    SELECT count(rated.firm) AS covered, count(*) AS everyone
    FROM standing LEFT JOIN rated USING (firm) WHERE population = 'P12'
)
SELECT 'T07-1', 'a', '', 100 * covered, everyone FROM counted
UNION ALL SELECT 'T07-1', 'b', '', covered, 1 FROM counted
UNION ALL SELECT 'T07-1', 'c', '', everyone, 1 FROM counted;

INSERT INTO figures
WITH listed AS (
    SELECT firm_of(uscc) AS firm, min(announced_on) AS first_on, bool_or(removed_on IS NULL OR q < removed_on) AS listed_still
    FROM D16, asked
    WHERE demonstration = '管理标杆' AND level = '省级' AND announced_on <= q
    GROUP BY ALL
)
SELECT 'T07-2', 'a', '', count(*), 1
FROM listed, asked
WHERE listed_still AND first_on >= plan_from
  AND EXISTS (SELECT 1 FROM inside WHERE inside.code = listed.firm AND inside.since <= q AND q < inside.until);
