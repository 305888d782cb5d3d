-- Q03–Q06 (T03-1 … T03-4): research organs, invention patents, GB/T 29490 贯标, its evaluation of 小巨人.
-- plan.md B-12 (frozen at those of the due day), B-13, B-23; indicators.md T3, small print 7 and 9 (beside P2 stands P3).
CREATE TABLE has AS
SELECT 'T03-1' AS indicator, firm_of(uscc) AS firm
FROM D09, asked
WHERE organ_type IN ('企业技术中心', '企业研究院', '工程研究中心', '研发中心') AND built_by <> '参与'
  AND recognised_on <= q AND (revoked_on IS NULL OR q < revoked_on)
UNION
SELECT 'T03-2', firm_of(uscc)
FROM D10, asked
WHERE patent_type = '发明' AND granted_on <= q AND (lapsed_on IS NULL OR q < lapsed_on)
UNION
SELECT 'T03-3', firm_of(uscc)
FROM D11, asked
WHERE issued_on <= q
  AND (   (record_type = '认证证书' AND status = '有效' AND q <= valid_to)
       OR (record_type = '贯标评价' AND conclusion = '通过'))
UNION
SELECT 'T03-4', firm_of(uscc)
FROM D11, asked
WHERE rated_on <= q AND rating IS NOT NULL;

CREATE TABLE spoken_of AS
SELECT * FROM (VALUES
    ('T03-1', 'P2', ''), ('T03-1', 'P3', '口径=P3'), ('T03-2', 'P2', ''), ('T03-2', 'P3', '口径=P3'),
    ('T03-3', 'P2', ''), ('T03-3', 'P3', '口径=P3'), ('T03-4', 'P4', '')) AS meant(indicator, population, breakdown);

CREATE TABLE coverage AS
SELECT indicator, breakdown, count(has.firm) AS covered, count(standing.firm) AS everyone
FROM spoken_of LEFT JOIN standing USING (population) LEFT JOIN has USING (indicator, firm)
GROUP BY indicator, breakdown;

INSERT INTO figures
SELECT indicator, 'a', breakdown, 100 * covered, everyone FROM coverage WHERE indicator <> 'T03-3'
UNION ALL
SELECT indicator, 'b', breakdown, covered, 1 FROM coverage WHERE indicator <> 'T03-3'
UNION ALL
SELECT indicator, 'c', breakdown, everyone, 1 FROM coverage WHERE indicator <> 'T03-3'
UNION ALL
SELECT indicator, 'b', breakdown, everyone - covered, 1 FROM coverage WHERE indicator = 'T03-3';

-- Those who were in on the target's day (or are, before it); which of them are still, and which of these without 贯标.
INSERT INTO figures
WITH frozen AS (
    SELECT DISTINCT population, firm FROM members, asked WHERE since <= frozen_on AND frozen_on < until
), judged AS (
    SELECT breakdown, frozen.firm, standing.firm IS NOT NULL AS still, has.firm IS NOT NULL AS certified
    FROM spoken_of LEFT JOIN frozen USING (population)
    LEFT JOIN standing ON standing.population = spoken_of.population AND standing.firm = frozen.firm
    LEFT JOIN has ON has.indicator = 'T03-3' AND has.firm = frozen.firm
    WHERE spoken_of.indicator = 'T03-3'
), counted AS (
    SELECT breakdown, count(firm) FILTER (still AND NOT certified) AS a, count(firm) AS c, count(firm) FILTER (NOT still) AS d
    FROM judged GROUP BY breakdown
)
SELECT 'T03-3', part, breakdown, number, 1
FROM counted UNPIVOT (number FOR part IN (a, c, d));
