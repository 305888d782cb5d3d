-- Q01, Q02: firms in the two pools on the quarter's last day (T01-1, T01-2). Q12: the pool's founding (T01-8).
INSERT INTO figures
SELECT indicator, 'a', '', count(pooled.firm), 1
FROM (VALUES ('T01-1', '创新型'), ('T01-2', '专精特新')) AS meant(indicator, pool)
LEFT JOIN pooled ON pooled.pool = meant.pool
GROUP BY indicator;

INSERT INTO figures
SELECT 'T01-8', 'a', '', count(*) > 0, 1
FROM D23, asked
WHERE activity_type = '培育库建立' AND document_no IS NOT NULL AND held_on <= q;
