"""Knows the one error that a person can mend, and how a broken connection, want of room and what the operating system refuses are called
in Chinese; leaves every other error to be a defect.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path


class ZjtxError(Exception):
    """Something the reader of the message can put right; the message is one Chinese sentence."""


LATE, UNVERIFIED, UNENCRYPTED = "没有按时答复", "证书没有通过验证", "加密协商失败"


def cause(error: BaseException) -> str:
    """Why a connection failed, in words for who looks after it: of the error itself or of what it came from."""
    import socket
    import ssl

    causes = {
        socket.gaierror: "找不到这个主机名",
        ConnectionRefusedError: "对方没有开放这个端口",
        TimeoutError: LATE,
        ssl.SSLCertVerificationError: UNVERIFIED,
        ssl.SSLError: UNENCRYPTED,
    }
    seen: list[BaseException] = [error]
    for each in seen:
        told = next((words for kind, words in causes.items() if isinstance(each, kind)), "")
        if isinstance(each, OSError) and each.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            told = "网络不通"
        if isinstance(each, OSError) and not told:
            told = _BY_ERRNO.get(each.errno or 0, "")
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


def mendable(error: BaseException) -> str:
    """What who looks after the machine can mend, room or a permission; empty where an error came of something else."""
    return exhausted(error) or next(filter(None, (_refused(str(each)) for each in _chain(error))), "")


def mendable_as_told(text: str) -> str:
    """The same, of what an error or its trace says."""
    return exhausted_as_told(text) or _refused(text)


_BY_ERRNO = {
    errno.EACCES: "没有权限", errno.EPERM: "系统不允许", errno.EROFS: "磁盘是只读的", errno.ENOTDIR: "路径中有一级不是目录", errno.EISDIR: "它是目录，不是文件",
    errno.EEXIST: "同名的文件已经有了", errno.ENOENT: "没有这个文件或目录", errno.ENOTEMPTY: "目录不是空的", errno.ENOSPC: "磁盘已满", errno.EDQUOT: "超出磁盘配额",
    errno.EFBIG: "文件太大", errno.EIO: "磁盘读写出错", errno.EBUSY: "正被占用", errno.ENAMETOOLONG: "名称太长", errno.ELOOP: "链接绕成了圈", errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多", errno.ESTALE: "网络磁盘断开过", errno.EINVAL: "磁盘不支持", errno.EXDEV: "不在同一块磁盘上", errno.ENOMEM: "内存不足",
}  # fmt: skip
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
_OF_A_PATH = re.compile(r"\[Errno (\d+)\] [^:\n]*: (['\"])(.+?)\2(?: -> |$|\n)")
_HALF_WRITTEN = re.compile(r"\..+\.\w{8}")  # as `store` calls what is not whole yet
_READ_ONLY = ("attempt to write a readonly database", "unable to open database file")


def by_errno(error: OSError) -> str:
    """Why the operating system refused, in a few Chinese words."""
    return _BY_ERRNO.get(error.errno or 0, f"系统错误 {error.errno}")


def _refused(text: str) -> str:
    """Of what an error or its trace says: what may not be written or read, and what to do; empty where nothing was refused."""
    for number, _, path in _OF_A_PATH.findall(text):
        if int(number) in _REFUSALS:
            return _not_writable(_named(Path(path)), _BY_ERRNO[int(number)])
    return _not_writable(f"产物目录 {os.environ.get('ZJTX_HOME', 'var')} 里的数据库", "没有权限，或磁盘是只读的") if any(sign in text for sign in _READ_ONLY) else ""


def _named(path: Path) -> Path:
    return path.parent if _HALF_WRITTEN.fullmatch(path.name) else path


def _not_writable(what: Path | str, why: str) -> str:
    return f"{what} 不能读写（{why}），没有做完：请改正它的权限或位置，或者换一个目录（产物目录由 ZJTX_HOME 指定），再运行一次。已完成的文件都是完整的。"


def _chain(error: BaseException) -> list[BaseException]:
    """An error and all that it came of."""
    seen = [error]
    for each in seen:
        seen += [one for one in (each.__cause__, each.__context__) if one is not None and one not in seen]
    return seen
