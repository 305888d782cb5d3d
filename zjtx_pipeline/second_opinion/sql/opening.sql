-- Where the results are laid down: figures as an exact numerator and denominator (0 where nothing applies or it is not known).
CREATE TABLE figures (indicator VARCHAR, part VARCHAR, breakdown VARCHAR, numerator HUGEINT, denominator HUGEINT);

-- The nearest whole number to amount * numerator / denominator, a half going away from zero (5.5: half up).
CREATE MACRO rated(amount, numerator, denominator) AS
    sign(amount) * ((2 * abs(amount)::HUGEINT * numerator + denominator) // (2 * denominator));
