-- Q09 (T09-1): firms whose first ever 入后备库 falls in the year and which are in P2 that day; the plan's earlier years beside.
-- plan.md B-16; indicators.md T9, small print 7 (a firm is judged as merged: what a code that it has since taken over held
-- that day, the firm held) and 9 (年度=, 口径=P3).
INSERT INTO figures
WITH firsts AS (
    SELECT firm_of(uscc) AS firm, min(dated_on::DATE) AS dated_on
    FROM D19, asked
    WHERE item = '入后备库' AND dated_on <= q
    GROUP BY ALL
), counted AS (
    SELECT DISTINCT members.population, firsts.firm, year(firsts.dated_on) AS in_year
    FROM firsts JOIN members USING (firm)
    WHERE members.since <= firsts.dated_on AND firsts.dated_on < members.until
), wanted AS (
    SELECT '' AS breakdown, 'P2' AS population, year(q) AS in_year FROM asked
    UNION ALL
    SELECT '口径=P3', 'P3', year(q) FROM asked
    UNION ALL
    SELECT '年度=' || each, 'P2', each
    FROM asked, range(year(plan_from), least(year(q), year(plan_to) + 1)) AS years(each)
)
SELECT 'T09-1', 'a', breakdown, count(counted.firm), 1
FROM wanted LEFT JOIN counted USING (population, in_year)
GROUP BY breakdown;
