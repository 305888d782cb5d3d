-- Q10, Q13 (T12-1, T12-2): organisations whose agreement covers the quarter's last day (B-17); the alliance's founding.
-- indicators.md, small print 7: codes are merged as of the quarter's end, the organisations' too.
INSERT INTO figures
SELECT 'T12-1', 'a', '', count(DISTINCT firm_of(provider_uscc)), 1 FROM D22a, asked WHERE agreed_from <= q AND q <= agreed_to;

INSERT INTO figures
SELECT 'T12-2', 'a', '', count(*) > 0, 1
FROM D23, asked
WHERE activity_type = '服务联盟组建' AND document_no IS NOT NULL AND held_on <= q;
