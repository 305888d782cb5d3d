-- Q11 (T14-1): 专题培训 of the year on the plan's theme with proof of who came (B-18); the plan's earlier years beside.
INSERT INTO figures
WITH held_in AS (
    SELECT year(held_on) AS in_year FROM D23, asked
    WHERE activity_type = '专题培训' AND is_zjtx_theme AND sign_in_proof IS NOT NULL AND held_on <= q
), wanted AS (
    SELECT '' AS breakdown, year(q) AS in_year FROM asked
    UNION ALL SELECT '年度=' || each, each
    FROM asked, range(year(plan_from), least(year(q), year(plan_to) + 1)) AS years(each)
)
SELECT 'T14-1', 'a', breakdown, count(held_in.in_year), 1
FROM wanted LEFT JOIN held_in USING (in_year)
GROUP BY breakdown;
