"""Knows the form and check digits of credit codes and patent numbers; leaves what to do about a bad one to the suites."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from stdnum.cn import uscc

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O S V Z
_INNER_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])  # GB 11714-1997
_INNER_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOOKALIKES = {"O": "0", "I": "1", "Z": "2", "S": "5"}  # letters that the alphabet lacks: each can only be a slip


def normal_form(codes: pd.Series) -> pd.Series:
    """Codes as the standard writes them: NFKC, upper case, no blanks; NA stays NA."""
    return codes.str.normalize("NFKC").str.replace(r"\s", "", regex=True).str.upper()


def _digits(codes: list[str], alphabet: str) -> np.ndarray:
    """Codes of one length, in ASCII, as rows of their characters' values; −1 for one outside the alphabet."""
    value = np.full(128, -1)
    value[[ord(character) for character in alphabet]] = range(len(alphabet))
    return value[np.frombuffer("".join(codes).encode("ascii"), dtype=np.uint8).reshape(len(codes), -1)]


def credit_code_faults(codes: pd.Series) -> pd.Series:
    """What is wrong with each credit code in normal form: `""`, `"form"`, `"check"` or `"inner"`.

    `form`: not 18 characters of the alphabet. `check`: the 18th digit (GB 32100-2015). `inner`: the 17th,
    the organisation code's own digit (GB 11714-1997). NA gives `""`. Of python-stdnum only the digit is taken: its
    `is_valid` lets 123456789012345678 pass and refuses codes that begin with a letter.
    """
    faults = pd.Series("", index=codes.index, dtype="str")
    present = codes.notna()
    shaped = present & codes.str.fullmatch(f"[{_ALPHABET}]{{18}}").fillna(False).astype(bool)
    faults[present & ~shaped] = "form"
    if not shaped.any():
        return faults
    texts = codes[shaped].tolist()
    bad_check = [_check_digit(text[:17]) != text[17] for text in texts]
    bad_inner = _inner_check([text[8:17] for text in texts])
    faults[shaped] = np.where(bad_check, "check", np.where(bad_inner, "inner", ""))
    return faults


def is_no_credit_code(codes: pd.Series) -> pd.Series:
    """Is what is written as a credit code none? A code that does not begin with 9 need not hold the inner digit.

    Such texts tell no firms apart: those that a spreadsheet has rounded to 9.13301E+17 are many firms'.
    """
    faults = credit_code_faults(codes)
    return faults.isin(["form", "check"]) | (faults.eq("inner") & codes.str.startswith("9"))


@lru_cache(maxsize=65_536)  # the same firms stand in most tables
def _check_digit(body: str) -> str:
    return uscc.calc_check_digit(body)


def _inner_check(organisations: list[str]) -> np.ndarray:
    """True where the ninth character of an organisation code does not fit the first eight."""
    values = _digits([text[:8] for text in organisations], _INNER_VALUES)
    remainder = (11 - values @ _INNER_WEIGHTS % 11) % 11  # 11 is written 0, 10 is written X
    expected = np.array(list("0123456789X"))[remainder]
    return expected != np.array([text[8] for text in organisations])


def suggested_credit_codes(codes: pd.Series) -> pd.Series:
    """For a wrong code the one code that a single kind of slip explains and both check digits confirm, else `""`.

    Slips: signs that belong to no code, or one of the letters O I Z S (B among the 行政区划's digits) for a digit.
    Where two slips lead to two codes, neither is better than a guess. To be shown to whoever can look it up, never applied.

    >>> suggested_credit_codes(pd.Series(["9133O1O9XJOOOOA11N", "91330109-XJ0000A11N", "91330109XJ0000A11N"])).tolist()
    ['91330109XJ0000A11N', '91330109XJ0000A11N', '']
    """
    read = normal_form(codes)
    plain = read.str.replace("[^0-9A-Z]", "", regex=True)
    region = plain.str[:2] + plain.str[2:8].str.replace("B", "8") + plain.str[8:]
    tried = {"": plain, "B": region} | {slip: plain.str.replace(slip, digit) for slip, digit in _LOOKALIKES.items()}
    fitting = pd.DataFrame({slip: text.where(text.notna() & credit_code_faults(text).eq("")) for slip, text in tried.items()})
    only = fitting.bfill(axis=1).iloc[:, 0].where(fitting.nunique(axis=1).eq(1))
    return only.mask(only.eq(read)).fillna("").astype("str")


def patent_number_faults(numbers: pd.Series) -> pd.Series:
    """True where an application number breaks ZC 0006-2003 (form or check digit); NA gives False.

    `ZL202310123456.7`: year, kind (1 invention, 2 utility model, 3 design, 8 and 9 PCT), serial, check digit.
    Numbers before October 2003 have two digits for the year and five for the serial, and the same check.
    """
    text = patent_normal_form(numbers)
    shaped = text.str.fullmatch(r"(?:(?:19|20)\d\d[12389]\d{7}|\d\d[12389]\d{5})\.[\dX]").fillna(False).astype(bool)
    faults = numbers.notna() & ~shaped
    wrong = [_patent_check(number[:-2]) != number[-1] for number in text[shaped]]
    faults.loc[shaped] = pd.Series(wrong, index=text.index[shaped], dtype=bool)
    return faults


def patent_normal_form(numbers: pd.Series) -> pd.Series:
    """Patent numbers without `ZL`, blanks or full-width characters: `202310123456.7`."""
    plain = normal_form(numbers).str.replace(r"^(?:ZL|CN)", "", regex=True)
    return plain.str.replace(r"^(\d{12}|\d{8})([\dX])$", r"\1.\2", regex=True)


def _patent_check(digits: str) -> str:
    weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]
    return "0123456789X"[sum(int(digit) * weight for digit, weight in zip(digits, weights)) % 11]
