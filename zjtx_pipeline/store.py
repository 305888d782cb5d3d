"""Knows where a run's products lie and how a file is written whole; leaves what is in them to others.

Everything below `snapshots` and `validated` is immutable and named by its digest; everything below `work` and
`reports` belongs to one quarter's run and is replaced file by file, each in one step.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline.errors import ZjtxError


def write_bytes(path: Path, content: bytes, mode: int = 0o644) -> Path:
    """Write a file so that it is seen either whole or not at all, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def sweep(folder: Path) -> None:
    """Remove what a killed run left half-written beside a folder's files; only while nobody else writes there."""
    for path in folder.glob(".*"):
        path.unlink()


def write_json(path: Path, content: Any) -> Path:
    """Write JSON that a person can read and a digest can rely on."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    return write_bytes(path, text.encode("utf-8"))


def read_json(path: Path) -> Any:
    """What `write_json` wrote; ZjtxError where it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise _damaged(path) from None


def _damaged(path: Path) -> ZjtxError:
    remedy = "在 work 或 validated 里的，删去它所在的文件夹，再运行一次，会重新做出；在别处的，请从备份取回这个文件"
    return ZjtxError(f"{path} 损坏，读不出来（可能写入时断电，或被改动过）：{remedy}。")


def write_frame(path: Path, frame: pd.DataFrame) -> Path:
    """Write a frame as Parquet, whole or not at all."""
    from io import BytesIO

    buffer = BytesIO()
    frame.to_parquet(buffer)
    return write_bytes(path, buffer.getvalue())


def read_frame(path: Path) -> pd.DataFrame:
    """A frame that `write_frame` wrote; ZjtxError where it is damaged.

    Without the search for a dataset of many files, which costs more than small frames do.
    """
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            return file.read().to_pandas()
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # what the operating system refuses; pyarrow's own have no number
            raise
        raise _damaged(path) from None


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder that appears under its name only when the block has ended well; one that stands already stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:40]}."))
    try:
        yield temporary
        temporary.chmod(0o755)
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def digest(*parts: bytes | str) -> str:
    """SHA-256 (hex) over parts, each preceded by its length so that no two lists of parts look alike."""
    total = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8") if isinstance(part, str) else part
        total.update(len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()
