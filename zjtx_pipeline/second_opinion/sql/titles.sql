-- Who holds which title (资质) on which days.
-- datasets.md D04 (公布日期 <= day, 起 <= day <= 止, not ended; 公示 never counts; 撤销, 主动放弃 end on 公布日期; 复核未过 lets a
-- title run to 止), 5.1 (successors), 5.8.4 (注销 ends every title; 分立 with 承继 moves one on D02's date).

CREATE TABLE grants AS
SELECT row_number() OVER () AS grant_no, uscc AS code, tier, announced_on::DATE AS announced_on,
       valid_from::DATE AS valid_from, valid_to::DATE AS valid_to
FROM D04
WHERE event IN ('认定', '复核通过') AND announced_on <= (SELECT q FROM asked)
  AND valid_from IS NOT NULL AND valid_to IS NOT NULL;  -- without either nobody can say on which days it holds

-- A split hands on the one title that a 承继 names, out of those the old code had by then.
CREATE TABLE splits AS
SELECT DISTINCT D02.uscc AS code, D02.successor_uscc AS successor, D04.tier, D02.changed_on::DATE AS changed_on
FROM D02 JOIN D04 ON D04.event = '承继' AND D04.former_uscc = D02.uscc AND D04.uscc = D02.successor_uscc
WHERE D02.item = '分立' AND D02.changed_on <= (SELECT q FROM asked) AND D04.announced_on <= (SELECT q FROM asked);

CREATE TABLE hands AS
SELECT code, successor, changed_on, NULL AS tier FROM succession
UNION ALL
SELECT code, successor, changed_on, tier FROM splits;

-- A title's way from hand to hand; what a code hands on all at once (换码, 合并) it hands on even if it got it later.
CREATE TABLE in_hand AS
WITH RECURSIVE way AS (
    SELECT grant_no, tier, announced_on, code AS holder, DATE '0001-01-01' AS since, 0 AS step FROM grants
    UNION ALL
    SELECT way.grant_no, way.tier, way.announced_on, hands.successor, greatest(way.since, hands.changed_on), way.step + 1
    FROM way JOIN hands ON hands.code = way.holder
    WHERE way.step < (SELECT count(*) FROM hands) -- no chain is longer
      AND (hands.tier IS NULL
           OR (hands.tier = way.tier AND way.announced_on < hands.changed_on AND way.since <= hands.changed_on))
    QUALIFY row_number() OVER (PARTITION BY way.grant_no ORDER BY greatest(way.since, hands.changed_on), hands.tier) = 1
)
SELECT grant_no, tier, announced_on, holder, since,
       lead(since, 1, DATE '9999-12-31') OVER (PARTITION BY grant_no ORDER BY step) AS until
FROM way;

-- The first day on which a title is no more: withdrawn or given up by whoever holds it, or its holder struck off. What is
-- announced on a title's own day ends the one held before (of the same 批次 neither row is accepted), 注销 every one.
CREATE TABLE ended AS
WITH ends AS (
    SELECT holder_on(uscc, announced_on::DATE) AS holder, tier, announced_on::DATE AS ended_on FROM D04
    WHERE event IN ('撤销', '主动放弃') AND announced_on <= (SELECT q FROM asked)
    UNION ALL
    SELECT uscc, NULL, changed_on::DATE FROM D02 WHERE item = '注销' AND changed_on <= (SELECT q FROM asked)
)
SELECT in_hand.grant_no, min(ends.ended_on) AS ended_on
FROM in_hand JOIN ends ON ends.holder = in_hand.holder AND (ends.tier IS NULL OR ends.tier = in_hand.tier)
WHERE (ends.ended_on > in_hand.announced_on OR (ends.tier IS NULL AND ends.ended_on = in_hand.announced_on))
  AND in_hand.since <= ends.ended_on AND ends.ended_on < in_hand.until
GROUP BY in_hand.grant_no;

-- Each title's days in each hand: from (included) until (excluded).
CREATE TABLE title_days AS
WITH spans AS (
    SELECT in_hand.holder, grants.tier, grants.valid_from, grants.valid_to,
           greatest(in_hand.since, grants.announced_on, grants.valid_from) AS since,
           least(in_hand.until, (grants.valid_to + INTERVAL 1 DAY)::DATE, coalesce(ended.ended_on, DATE '9999-12-31')) AS until
    FROM in_hand JOIN grants USING (grant_no) LEFT JOIN ended USING (grant_no)
)
SELECT * FROM spans WHERE since < until;
