"""Knows the one error that a person can mend, and how a broken connection is called in Chinese; leaves every other error to
be a defect.
"""

from __future__ import annotations


class ZjtxError(Exception):
    """Something the reader of the message can put right; the message is one Chinese sentence."""


def cause(error: BaseException) -> str:
    """Why a connection failed, in words for who looks after it: of the error itself or of what it came from."""
    import errno
    import socket
    import ssl

    causes = {
        socket.gaierror: "找不到这个主机名",
        ConnectionRefusedError: "对方没有开放这个端口",
        TimeoutError: "没有按时答复",
        ssl.SSLCertVerificationError: "证书没有通过验证",
        ssl.SSLError: "加密协商失败",
    }
    seen: list[BaseException] = [error]
    for each in seen:
        told = next((words for kind, words in causes.items() if isinstance(each, kind)), "")
        if isinstance(each, OSError) and each.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            told = "网络不通"
        if told:
            return told
        context = None if each.__suppress_context__ else each.__context__
        behind = (getattr(each, "reason", None), getattr(each, "orig", None), each.__cause__, context, *each.args)
        seen += [one for one in behind if isinstance(one, BaseException) and one not in seen]
    return "连接中断或被拒绝"


MORE_MEMORY = "请关闭其他程序或增加内存，再运行一次。已完成的文件都是完整的。"
NO_MEMORY = f"内存不足，没有做完：{MORE_MEMORY}"
NO_DISK = "磁盘已满，没有做完：请清理磁盘或换一个 ZJTX_HOME，再运行一次。已完成的文件都是完整的。"
# How DuckDB, C++ libraries, the loader, threads and the interpreter itself say that memory has run out, none of them by a MemoryError.
_OF_MEMORY = (
    "MemoryError", "Out of Memory Error", "std::bad_alloc", "annot allocate memory", "failed to map segment",
    "start new thread", "launch worker thread", "without exception set", "without setting an exception",
)  # fmt: skip
_OF_DISK = ("database or disk is full", "No space left on device")


def exhausted(error: BaseException) -> str:
    """What the machine has run out of, as who looks after it reads it; empty where an error came of something else."""
    import errno

    full = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    for each in _chain(error):
        if isinstance(each, MemoryError) or getattr(each, "errno", None) == errno.ENOMEM:
            return NO_MEMORY
        if getattr(each, "errno", None) in full:
            return NO_DISK
        if told := exhausted_as_told(str(each)):
            return told
    return ""


def exhausted_as_told(text: str) -> str:
    """The same, of what an error or its trace says."""
    if any(sign in text for sign in _OF_MEMORY):
        return NO_MEMORY
    return NO_DISK if any(sign in text for sign in _OF_DISK) else ""


def _chain(error: BaseException) -> list[BaseException]:
    """An error and all that it came of."""
    seen = [error]
    for each in seen:
        seen += [one for one in (each.__cause__, each.__context__) if one is not None and one not in seen]
    return seen
