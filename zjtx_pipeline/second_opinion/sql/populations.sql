-- The firms of P1, P2, P3, P4 and P12 (plan.md B-14); P1 is the pool, which asks for D01 but not for 在萧 (indicators.md,
-- which firms; small print 13). Codes are merged as of the quarter's end (small print 7).

-- Title holders in the district, on each of their days; `firm` is the holder's code at the quarter's end.
CREATE TABLE members AS
SELECT types.population, title_days.holder, firm_of(title_days.holder) AS firm,
       greatest(title_days.since, inside.since) AS since, least(title_days.until, inside.until) AS until
FROM title_days JOIN types ON types.tier = title_days.tier JOIN inside ON inside.code = title_days.holder
WHERE greatest(title_days.since, inside.since) < least(title_days.until, inside.until);

CREATE TABLE pooled AS
SELECT DISTINCT pool, firm_of(uscc) AS firm
FROM D03, asked
WHERE entered_on <= q AND (left_on IS NULL OR q < left_on) AND uscc IN (SELECT uscc FROM D01);

CREATE TABLE standing AS
WITH known AS (
    SELECT DISTINCT population, firm FROM members, asked WHERE since <= q AND q < until
    UNION ALL
    SELECT 'P1', firm FROM pooled WHERE pool = '专精特新'
)
SELECT population, firm FROM known
UNION
SELECT 'P12', firm FROM known WHERE population IN ('P1', 'P2');
