-- How many firms hold each title on the quarter's last day: T01-3a, and what tiers.csv must list.
-- indicators.md T01-3 (firms 在萧), datasets.md 5.8.5 (tiers.csv: one row a firm and title, wherever it is registered).
CREATE TABLE tier_counts AS
WITH today AS (
    SELECT DISTINCT tier, holder, inside.code IS NOT NULL AS in_district
    FROM title_days CROSS JOIN asked
    LEFT JOIN inside ON inside.code = title_days.holder AND inside.since <= q AND q < inside.until
    WHERE title_days.since <= q AND q < title_days.until
)
SELECT tiers.tier, count(today.holder) AS holders, count(today.holder) FILTER (today.in_district) AS in_district
FROM tiers LEFT JOIN today ON today.tier = tiers.tier
GROUP BY tiers.tier;

INSERT INTO figures
SELECT 'T01-3', 'a', '资质类型=' || tier, in_district, 1 FROM tier_counts
UNION ALL
SELECT 'T01-3', 'a', '', count(DISTINCT title_days.holder), 1
FROM title_days CROSS JOIN asked
JOIN inside ON inside.code = title_days.holder AND inside.since <= q AND q < inside.until
WHERE title_days.since <= q AND q < title_days.until;
