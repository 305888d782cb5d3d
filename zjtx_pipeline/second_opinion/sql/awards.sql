-- What each unit is entitled to, what was paid, and the totals by clause (应兑, 已兑, 差额).
-- datasets.md 5.5 (应兑 needs: the day within R2's term, the firm 在萧 that day, the clause's population; 已兑: 区 money, 拨付 less
-- 退回 and 追回), 5.8.1; indicators.md small print 2 and 3 (C leaves out what was paid before the plan).
CREATE TABLE held_triggers AS
SELECT *, holder_on(uscc, day) AS holder, firm_of(uscc) AS firm FROM triggers;

CREATE TABLE units AS
WITH judged AS (
    SELECT held_triggers.*, terms.clause IS NOT NULL AND is_first AND EXISTS (
               SELECT 1 FROM inside
               WHERE inside.code = held_triggers.holder AND inside.since <= day AND day < inside.until
           ) AND (
               terms.population = '在萧企业' OR EXISTS (
                   SELECT 1 FROM members
                   WHERE members.population = terms.population AND members.holder = held_triggers.holder
                     AND members.since <= day AND day < members.until)
           ) AS is_eligible,
           CASE WHEN terms.amount_fen IS NOT NULL THEN least(terms.cap_fen, terms.amount_fen)
                WHEN rate_numerator IS NOT NULL THEN
                    least(terms.cap_fen, rated(greatest(base_fen, 0), rate_numerator, rate_denominator)) END AS due_fen
    FROM held_triggers LEFT JOIN terms ON terms.clause = held_triggers.clause AND terms.since <= day AND day < terms.until
)
SELECT clause, firm, day, is_eligible, CASE WHEN is_eligible THEN due_fen ELSE 0 END AS entitled_fen FROM judged;

CREATE TABLE payments AS
SELECT coalesce(D06a.clause, D06b.clause) AS clause, D06b.paid_on::DATE AS paid_on,
       CASE WHEN payment_type = '拨付' THEN D06b.paid_fen ELSE -D06b.paid_fen END AS paid_fen
FROM D06b LEFT JOIN D06a ON D06a.award_no = D06b.award_no, asked
WHERE purse = '区' AND paid_on <= q;

-- Whole awards.csv: every trigger and payment to the quarter's end; `unknown` units have an amount that is 待明确.
CREATE TABLE award_totals AS
WITH due AS (
    SELECT clause, count(*) AS units, count(*) FILTER (entitled_fen IS NULL) AS unknown, sum(entitled_fen) AS entitled_fen
    FROM units GROUP BY clause
), paid AS (
    SELECT clause, sum(paid_fen) AS paid_fen FROM payments GROUP BY clause
)
SELECT clauses.clause, coalesce(units, 0) AS units, coalesce(unknown, 0) AS unknown,
       coalesce(entitled_fen, 0) AS entitled_fen, coalesce(paid_fen, 0) AS paid_fen
FROM clauses LEFT JOIN due USING (clause) LEFT JOIN paid USING (clause);

-- The same within C, as the tasks' figures print it: by indicator, in total and by clause where it is printed so.
INSERT INTO figures
WITH printed(indicator, due_part, paid_part, gap_part, clause) AS (VALUES
    ('T01-5', NULL, 'd', NULL, 'A01'), ('T01-5', NULL, 'd', NULL, 'A02'),
    ('T01-5', NULL, 'd', NULL, 'A03'), ('T01-5', NULL, 'd', NULL, 'A04'),
    ('T02-6', NULL, 'b', NULL, 'A05'), ('T04-2', NULL, 'b', NULL, 'A06'), ('T04-3', NULL, 'd', NULL, 'A07'),
    ('T04-4', 'a', 'b', 'c', 'A08'), ('T04-6', NULL, 'b', NULL, 'A09'), ('T05-3', 'a', 'b', 'c', 'A10'),
    ('T05-6', 'a', 'b', 'c', 'A11'), ('T05-6', 'a', 'b', 'c', 'A12'), ('T05-6', 'a', 'b', 'c', 'A13'),
    ('T05-6', 'a', 'b', 'c', 'A14'), ('T05-6', 'a', 'b', 'c', 'A15'), ('T05-6', 'a', 'b', 'c', 'A16'),
    ('T06-3', 'a', 'b', 'c', 'A17'), ('T06-3', 'a', 'b', 'c', 'A18'), ('T06-3', 'a', 'b', 'c', 'A19'),
    ('T11-6', NULL, 'b', NULL, 'A23')),
rows_of(indicator, breakdown, clause) AS (
    SELECT indicator, '', clause FROM printed
    UNION ALL
    SELECT indicator, '条款=' || clause, clause FROM printed WHERE indicator IN ('T01-5', 'T05-6', 'T06-3')
), due AS (
    SELECT clause, sum(entitled_fen) AS fen, bool_or(entitled_fen IS NULL) AS is_unknown
    FROM units, asked WHERE day >= plan_from GROUP BY clause
), paid AS (
    SELECT clause, sum(paid_fen) AS fen FROM payments, asked WHERE paid_on >= plan_from GROUP BY clause
), summed AS (
    SELECT indicator, breakdown, any_value(due_part) AS due_part, any_value(paid_part) AS paid_part,
           any_value(gap_part) AS gap_part,
           coalesce(sum(due.fen), 0) AS due_fen, coalesce(sum(paid.fen), 0) AS paid_fen,
           CASE WHEN coalesce(bool_or(is_unknown), false) THEN 0 ELSE 100 END AS denominator
    FROM rows_of JOIN printed USING (indicator, clause) LEFT JOIN due USING (clause) LEFT JOIN paid USING (clause)
    GROUP BY indicator, breakdown
)
SELECT indicator, due_part, breakdown, due_fen, denominator FROM summed WHERE due_part IS NOT NULL
UNION ALL
SELECT indicator, paid_part, breakdown, paid_fen, 100 FROM summed
UNION ALL
SELECT indicator, gap_part, breakdown, due_fen - paid_fen, denominator FROM summed WHERE gap_part IS NOT NULL;

-- T04-4a by year of invoice; T01-5a: firms that meet the conditions, the amount known or not (small print 3).
INSERT INTO figures
SELECT 'T04-4', 'a', '年度=' || each, coalesce(sum(entitled_fen), 0),
       CASE WHEN bool_or(clause IS NOT NULL AND entitled_fen IS NULL) THEN 0 ELSE 100 END
FROM asked, range(year(plan_from), year(q) + 1) AS years(each)
LEFT JOIN units ON units.clause = 'A08' AND year(units.day) = each
GROUP BY each;

INSERT INTO figures
SELECT 'T01-5', 'a', breakdown, count(DISTINCT firm), 1
FROM (SELECT clause, '条款=' || clause AS breakdown FROM clauses WHERE clause <= 'A04'
      UNION ALL SELECT clause, '' FROM clauses WHERE clause <= 'A04')
LEFT JOIN (SELECT clause, firm FROM units, asked WHERE is_eligible AND day >= plan_from) USING (clause)
GROUP BY breakdown;
