"""Knows what the bodies of the gateway's answers hold, in both forms: pages of rows, refusals, web pages, broken text.

Leaves asking to `older` and `open_platform`, the rows to `records`. Numbers stay the text that they were sent as:
JSON's own reading would turn 1.10 into 1.1 and round what is long.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.sources.gateway.failures import Again, Expired

LONGEST_MESSAGE = 60
# No list of codes is public; what clients have met is told apart by its words.
_EXPIRED = re.compile(r"密钥|秘钥|签名|过期|失效|secret|sign|token|expire", re.IGNORECASE)
_BUSY = re.compile(r"繁忙|稍后|稍候|超时|频繁|限流|busy|timed? ?out|too many", re.IGNORECASE)
# The whole message and no part of one: 没有数据权限 or 无数据库连接 says something else.
_NOTHING = re.compile(
    r"(?:(?:无|没有|暂无|查无|未查到|未查询到|没有查到|没有查询到)(?:相关|符合条件的)?(?:数据|记录|结果)|(?:查询|返回)?结果为空"
    r"|no (?:data|records?|results?)(?: found)?)[。.！!]?",
    re.IGNORECASE,
)


class Doubled(dict):
    """A JSON object that names something twice; which value is meant, nobody can tell."""


@dataclass(frozen=True)
class Page:
    """One page: its rows as JSON gave them, numbers as text; `count` and `total` as the envelope says, if it does.

    `body`: the answer as it came. `around`: what it says beside the rows.
    """

    rows: tuple[Any, ...]
    count: int | None
    total: int | None
    body: bytes
    around: str


def older_page(body: bytes) -> Page:
    """`{code: "00", msg, dataCount, datas: […]}`; Expired, Again or ZjtxError where the gateway refuses."""
    answer = older_answer(body)
    if answer is None:
        return Page((), None, None, body, "")
    rows = _rows(answer.get("datas"), "datas")
    around = {name: value for name, value in answer.items() if name != "datas"}
    total = _number(answer.get("totalDataCount")) or None  # 0 where a gateway does not fill it in
    return Page(rows, _number(answer.get("dataCount")), total, body, _text(around))


def older_answer(body: bytes) -> dict[str, Any] | None:
    """The envelope of a success; None where the gateway says that there is nothing."""
    answer = _object(parsed(body), "答复")
    if answer.get("code") == "00":
        return answer
    return _refused(answer.get("code"), answer.get("msg"))


def open_page(body: bytes) -> Page:
    """JSON in JSON in JSON: outer.code 200, outer.data → inner.code "1", inner.data.data → rows."""
    outer = _object(parsed(body), "答复")
    if outer.get("code") != "200":
        _refused(outer.get("code"), outer.get("msg"))
        return Page((), None, None, body, "")
    inner = _object(_within(outer.get("data"), "data"), "data")
    if inner.get("code") != "1":
        _refused(inner.get("code"), inner.get("msg"))
        return Page((), None, None, body, "")
    held = _object(_within(inner.get("data"), "data.data"), "data.data")
    around = [_others(outer), _others(inner), _others(held)]
    count = held.get("count", held.get("total"))
    return Page(_rows(held.get("data"), "data.data.data"), None, _number(count), body, _text(around))


def signature(body: bytes) -> str:
    """The text that createsign.do answers: bare, or in an envelope's `data`."""
    text = (decoded(body) or "").strip()
    if re.fullmatch(r"[0-9A-Za-z+/=_.\-]{8,4096}", text):
        return text
    answer = _object(parsed(body), "签名答复")
    data = answer.get("data")
    sign = data.get("sign") if isinstance(data, dict) else data
    if not isinstance(sign, str) or not sign:
        if answer.get("code") not in (None, "200"):
            _refused(answer.get("code"), answer.get("msg"))
        raise ZjtxError("网关没有给出签名：请核对 sign_url、appKey 和接口授权。")
    return sign


def decoded(body: bytes) -> str | None:
    """JSON is UTF-8; some gateways send GB18030 all the same. None where neither fits."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def parsed(body: bytes) -> Any:
    """The JSON of an answer, every number as text; Again where it ends too early, ZjtxError where it is none."""
    text = decoded(body)
    if text is None or not text.strip():
        raise Again("网关的答复是空的或不完整：请稍后重新运行，仍不行请联系接口提供方。")
    if text.lstrip()[0] == "<":
        raise ZjtxError("网关返回的是网页（可能是登录页或拦截页），不是数据：请核对网址，确认本机在政务网内、无需登录。")
    if text.lstrip()[0] not in "{[":
        raise ZjtxError("网关的答复不是 JSON：请核对配置中 gateway 的 url 和 form，或请提供方检查接口。")
    return _json(text)


def _json(text: str) -> Any:
    try:
        return json.loads(
            text, parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_pairs, strict=False
        )
    except RecursionError:
        raise ZjtxError("网关的答复层层嵌套，读不出来：请提供方检查接口。") from None
    except ValueError:
        raise Again("网关的答复不完整或不是合规的 JSON：请稍后重新运行，仍不行请联系接口提供方。") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(found)


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or isinstance(value, Doubled):
        raise ZjtxError(f"网关的答复和约定的不一样（{where}）：请核对配置中 gateway 的 form，或请提供方检查接口。")
    return value


def _within(value: Any, where: str) -> Any:
    """JSON that was put into a string once more; some platforms leave that out."""
    if not isinstance(value, str):
        return value
    return parsed(value.encode("utf-8", "surrogatepass")) if value.strip() else _object(None, where)


def _rows(value: Any, where: str) -> tuple[Any, ...]:
    """The list of rows, bare or as a string; null and "" are an empty list."""
    if isinstance(value, str) and value.strip():
        value = _json(value)
    if value in (None, "") or (isinstance(value, str) and not value.strip()):
        return ()
    if not isinstance(value, list):
        raise ZjtxError(f"网关的答复里 {where} 不是列表：请提供方检查接口。")
    return tuple(value)


def _refused(code: Any, message: Any) -> None:
    """None where the refusal says that there is nothing, and no more; else it is raised, as what it asks for."""
    said = _words(message)
    if _NOTHING.fullmatch(said):
        return
    shown = said if len(said) <= LONGEST_MESSAGE else said[: LONGEST_MESSAGE - 1] + "…"
    sentence = f"网关没有给数据（代码 {_words(code)[:20] or '空'}，{shown or '没有说明'}）"
    if _BUSY.search(said):
        raise Again(f"{sentence}：请稍后重新运行。")
    if _EXPIRED.search(said):
        raise Expired(f"{sentence}：请核对环境变量中的 appKey 和 appSecret，以及接口授权。")
    raise ZjtxError(f"{sentence}：请把这句话告诉省数据共享平台或接口提供方。")


def _words(said: Any) -> str:
    """What a gateway says as one line that can be shown and written: JSON can carry halves of signs and marks of control."""
    text = "" if said is None else str(said)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,12}", value) else None


def _others(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "data"}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
