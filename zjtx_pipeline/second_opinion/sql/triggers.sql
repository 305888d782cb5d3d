-- What sets each award off, one row a unit: whose, on which day, on which base; and is it the first of its kind.
-- datasets.md 5.5 (the table of clauses), 5.8.1 and 5.8.3; plan.md B-07, B-20, B-21, B-28.

-- A11…A19, A21: the list of the scene's types and levels; A19 counts each list year by itself, a park each park.
CREATE TABLE listings AS
WITH clauses(clause, demonstration, level) AS (VALUES
    ('A11', '未来工厂', '省级'), ('A12', '数字化车间', '省级'), ('A13', '智能工厂', '省级'),
    ('A14', '链主工厂', '市级'), ('A15', '智能工厂', '市级'), ('A16', '数字化车间', '市级'),
    ('A17', '绿色工厂', '省级'), ('A18', '绿色工厂', '国家级'),
    ('A19', '能效领跑者', '国家级'), ('A19', '能效领跑者', '省级'),
    ('A19', '水效领跑者', '国家级'), ('A19', '水效领跑者', '省级'),
    ('A21', '特色园区', '省级'), ('A21', '特色园区', '市级'), ('A21', '特色园区', '区级'))
SELECT row_number() OVER (ORDER BY announced_on, batch, item_name, uscc) AS place, clause, uscc, announced_on::DATE AS day,
       concat_ws('|', demonstration, level, batch, item_name) AS thing,
       concat_ws(
           '|', demonstration, level, CASE clause WHEN 'A19' THEN list_year::VARCHAR WHEN 'A21' THEN item_name END) AS kind
FROM D16 JOIN clauses USING (demonstration, level), asked
WHERE announced_on <= q;

-- Later ones: whoever holds the code that day holds one of the kind already (5.1: “首次” passes on from the day of the
-- succession; what was triggered before stays as it was).
CREATE TABLE later AS
SELECT place
FROM (SELECT *, holder_on(uscc, day) AS holder FROM listings) AS this
WHERE EXISTS (
    SELECT 1 FROM listings AS before
    WHERE before.kind = this.kind AND before.place < this.place
      AND (before.uscc = this.holder OR EXISTS (
          SELECT 1 FROM held
          WHERE code = before.uscc AND held.holder = this.holder AND since <= this.day AND this.day < until)));

-- A01…A04: the first 认定 of a title; not who had it in hand before, by succession or by a split with 承继, or gave it away.
CREATE TABLE recognitions AS
WITH given AS (
    SELECT row_number() OVER (ORDER BY announced_on, batch, uscc) AS place, clause, tier, uscc, announced_on::DATE AS day,
           holder_on(uscc, announced_on::DATE) AS holder
    FROM D04 JOIN firsts USING (tier), asked
    WHERE event = '认定' AND announced_on <= q
), hands_of AS (
    SELECT given.place, given.tier, in_hand.holder, in_hand.since
    FROM given JOIN grants ON grants.code = uscc AND grants.tier = given.tier AND grants.announced_on = day
    JOIN in_hand USING (grant_no)
)
SELECT clause, uscc, day FROM given
WHERE NOT EXISTS (
    SELECT 1 FROM hands_of
    WHERE hands_of.tier = given.tier AND hands_of.holder = given.holder
      AND hands_of.since <= given.day AND hands_of.place < given.place);

-- `thing` names what a ledger may list again under the code that its firm bears since: that is one unit still (5.1).
CREATE TABLE triggers AS
WITH every AS (
SELECT clause, uscc, day, NULL::HUGEINT AS base_fen, true AS is_first, NULL AS thing FROM recognitions
UNION ALL
SELECT clause, uscc, day, NULL, place NOT IN (FROM later), CASE clause WHEN 'A19' THEN NULL ELSE thing END FROM listings
WHERE clause <> 'A19' OR place NOT IN (FROM later) -- its unit is the list's year, under whichever code and batch (5.5)
UNION ALL
SELECT 'A05', uscc, started_on::DATE, NULL, true, NULL FROM D07, asked WHERE project_type = '募投' AND started_on <= q
UNION ALL
SELECT 'A06', uscc, industrialised_on::DATE, deal_fen, true, project_no
FROM D12, asked
WHERE category = '技术交易' AND role = '牵头' AND industrialised AND industrialised_on <= q
UNION ALL
SELECT 'A07', uscc, recognised_on::DATE, NULL, true, NULL
FROM D13, asked
WHERE category IN ('首台套', '首版次') AND level IN ('国内', '省内') AND recognised_on <= q
  AND EXISTS (
      SELECT 1 FROM members
      WHERE population = 'P3' AND holder = holder_on(uscc, recognised_on::DATE)
        AND since <= recognised_on AND recognised_on < until)
UNION ALL
SELECT clause, firm, max(invoiced_on), sum(net_purchase_fen), true, NULL FROM purchases GROUP BY clause, firm, year(invoiced_on)
UNION ALL
SELECT 'A10', uscc, accepted_on::DATE, approved_investment_fen, true, NULL
FROM D15, asked
WHERE acceptance = '通过' AND acceptance_standard = '市级' AND accepted_on <= q
UNION ALL
SELECT DISTINCT 'A20', uscc, quarters.last_day, NULL::HUGEINT, true, for_quarter
FROM D20, asked, LATERAL (
    SELECT last_day(make_date(left(for_quarter, 4)::INT, 3 * right(for_quarter, 1)::INT, 1)) AS last_day
) AS quarters
WHERE rent_subsidised_people > 0 AND last_day <= q
UNION ALL
SELECT 'A23', uscc, began_on::DATE, NULL, true, concat_ws('|', mode, began_on::DATE) FROM D21c, asked WHERE began_on <= q
)
SELECT * EXCLUDE (thing) FROM every
QUALIFY thing IS NULL OR row_number() OVER (
    PARTITION BY clause, thing, firm_of(uscc), CASE WHEN clause <> 'A06' THEN own_code(uscc) END -- A06's key bears no code (5.5)
    ORDER BY day, uscc) = 1;
