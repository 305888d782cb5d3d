-- A08 and A09: purchases of listed products, summed by buyer and year of invoice.
-- plan.md B-02…B-05; datasets.md 5.5 (A08, A09), 5.8.2: the seller in 萧 and the product, its own, listed on the contract's
-- day (认定 <= 合同日期 < 移出), the buyer in 萧 on the invoice's, no 关联方; a red invoice is judged like any row; codes as of q.
CREATE TABLE purchases AS
WITH judged AS (
    SELECT CASE purchase_type WHEN '首台套采购' THEN 'A08' WHEN '首购首用' THEN 'A09' END AS clause,
           firm_of(uscc) AS firm, holder_on(uscc, invoiced_on::DATE) AS buyer,
           firm_of(supplier_uscc) AS maker, holder_on(supplier_uscc, contracted_on::DATE) AS seller,
           product_no, contracted_on::DATE AS contracted_on, invoiced_on::DATE AS invoiced_on, net_purchase_fen
    FROM D14, asked
    WHERE NOT is_related_party AND invoiced_on <= q
), listed AS (
    SELECT DISTINCT product_no, category, firm_of(uscc) AS maker, recognised_on::DATE AS since,
           coalesce(removed_on::DATE, DATE '9999-12-31') AS until
    FROM D13
)
SELECT clause, firm, invoiced_on, net_purchase_fen
FROM judged
WHERE EXISTS (SELECT 1 FROM inside WHERE code = buyer AND since <= invoiced_on AND invoiced_on < until)
  AND EXISTS (SELECT 1 FROM inside WHERE code = seller AND since <= contracted_on AND contracted_on < until)
  AND EXISTS (
      SELECT 1 FROM listed
      WHERE listed.product_no = judged.product_no AND listed.maker = judged.maker
        AND since <= contracted_on AND contracted_on < until AND (clause = 'A09' OR category = '首台套'));
