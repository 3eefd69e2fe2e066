"""The table of tax profiles; states come from the rules."""

from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

profiles = Table(
    "tax_profiles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("form", Text),
    Column("kind", Text),
    Column("residence", Text),
    Column("nonce", LargeBinary),
    Column("sealed", LargeBinary),
    Column("tax_id_end", Text),
    Column("submitted_at", DateTime(timezone=True)),
    Column("submitted_by", Uuid),
    Column("expires_on", Date),
    Column("state", Text),
    Column("withholding_bps", Integer),
    Column("reason", Text),
    Column("reviewed_at", DateTime(timezone=True)),
    Column("reviewed_by", Uuid),
    Column("version", Integer),
)
