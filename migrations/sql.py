"""Each revision is a SQL file beside a small Python file of the same name."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only


def apply(revision_file: str) -> None:
    """Execute the SQL file beside a revision, in the migration's transaction."""
    op.execute("select 1")  # SQLAlchemy opens its transaction with its first statement
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    await_only(driver.execute(Path(revision_file).with_suffix(".sql").read_text("utf-8")))
