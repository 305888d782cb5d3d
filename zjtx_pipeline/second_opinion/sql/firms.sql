-- Who a code is on a day, and whether that firm is registered in the district (在萧).
-- datasets.md 5.1: codes that change (换码, 合并), 在萧 on a day; 5.8.9 and reading 10: a move counts from its own day.

-- The one successor of a code: its first 换码 or 合并 known by the quarter's end.
CREATE TABLE succession AS
SELECT uscc AS code, successor_uscc AS successor, changed_on::DATE AS changed_on
FROM D02
WHERE item IN ('换码', '合并') AND changed_on <= (SELECT q FROM asked)
QUALIFY row_number() OVER (PARTITION BY uscc ORDER BY changed_on, item, successor_uscc) = 1;

-- Who holds what was a code's, from a day (included) until a day (excluded); codes that never change do not appear.
CREATE TABLE held AS
WITH RECURSIVE chain AS (
    SELECT code, code AS holder, DATE '0001-01-01' AS since, 0 AS step FROM succession
    UNION ALL
    SELECT chain.code, next.successor, greatest(chain.since, next.changed_on), chain.step + 1
    FROM chain JOIN succession AS next ON next.code = chain.holder
    WHERE chain.step < (SELECT count(*) FROM succession) -- no chain is longer
), spans AS (
    SELECT code, holder, since, lead(since, 1, DATE '9999-12-31') OVER (PARTITION BY code ORDER BY step) AS until
    FROM chain
)
SELECT * FROM spans WHERE since < until;

CREATE MACRO holder_on(a_code, a_day) AS
    coalesce((SELECT holder FROM held WHERE held.code = a_code AND held.since <= a_day AND a_day < held.until), a_code);

CREATE MACRO firm_of(a_code) AS
    coalesce((SELECT holder FROM held WHERE held.code = a_code AND held.until = DATE '9999-12-31'), a_code);

-- The code that a firm bears at the quarter's end while it is still the same firm: 换码 alone, each code's first.
CREATE TABLE renamed AS
WITH RECURSIVE steps AS (
    SELECT uscc AS code, successor_uscc AS successor
    FROM D02
    WHERE item = '换码' AND changed_on <= (SELECT q FROM asked)
    QUALIFY row_number() OVER (PARTITION BY uscc ORDER BY changed_on, successor_uscc) = 1
), chain AS (
    SELECT code, successor AS own, 1 AS step FROM steps
    UNION ALL
    SELECT chain.code, steps.successor, chain.step + 1 FROM chain JOIN steps ON steps.code = chain.own
    WHERE chain.step < (SELECT count(*) FROM steps)
)
SELECT code, arg_max(own, step) AS own FROM chain GROUP BY code;

CREATE MACRO own_code(a_code) AS coalesce((SELECT own FROM renamed WHERE renamed.code = a_code), a_code);

-- Where a firm was before each of its moves, and since the last: the state of D01 with the moves undone one by one.
CREATE TABLE inside AS
WITH moves AS (
    SELECT uscc AS code, item, changed_on::DATE AS moved_on,
           lag(changed_on::DATE, 1, DATE '0001-01-01') OVER (PARTITION BY uscc ORDER BY changed_on, item) AS after
    FROM D02
    WHERE item IN ('迁入', '迁出') AND changed_on <= (SELECT q FROM asked)
), now AS (
    SELECT D01.uscc AS code, left(D01.street_code, 9) AS street,
           coalesce(max(moves.moved_on), DATE '0001-01-01') AS after
    FROM D01 LEFT JOIN moves ON moves.code = D01.uscc
    GROUP BY ALL
)
SELECT code, after AS since, moved_on AS until FROM moves
WHERE item = '迁出' AND after < moved_on AND code IN (SELECT uscc FROM D01)
UNION ALL
SELECT code, greatest(now.after, towns.since), towns.until FROM now JOIN towns ON towns.street = now.street
WHERE now.after < towns.until;
