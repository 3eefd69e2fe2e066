"""The index's tables, and connections to them."""

import sqlite3
from pathlib import Path

TOKENIZER = "porter unicode61 remove_diacritics 2"

_TABLES = """
create table doc (
  place integer primary key,
  id text not null unique,
  -- Words apart and in lower case, a blank before each: that is how they are counted.
  name text not null, squeezed text not null, topics text not null, summary text not null,
  gleaned text not null,  -- the end of the topics that is not the plugin's own
  namespace text not null, publisher text not null,
  access integer not null, kind text not null, price text not null,
  categories text not null, permissions text not null,  -- each between blanks
  spans integer not null, traits integer not null,
  installs integer not null, rating real not null, certified integer not null,
  updated_at real not null,
  quality real not null
);
-- Names as they are compared: a plugin's own part of its id, and what it is called.
create table name_key (key text not null, place integer not null, primary key (key, place)) without rowid;
create virtual table words using fts5 (
  name, squeezed, topics, summary, content = 'doc', content_rowid = 'place',
  tokenize = 'TOKENIZER', prefix = '2 3');
-- All that plugins can be filtered by, once for each combination that occurs.
create table traits (id integer primary key, document text not null unique, plugins integer not null);
create table access (id integer primary key, document text not null unique);
create table spans (id integer primary key, document text not null unique);
-- Words that stand in so many plugins that they tell little of any; made when all are in.
create table common (term text primary key) without rowid;
create virtual table vocabulary using fts5vocab (words, row);
insert into access (id, document) values (0, '[]');
"""

# The one place where the tokenizer is named.
_TABLES = _TABLES.replace("TOKENIZER", TOKENIZER)

#: Made after the first filling, which they would slow down.
INDEXES = """
create index if not exists doc_by_quality on doc (quality desc, id);
create index if not exists doc_by_installs on doc (installs desc, id);
create index if not exists doc_by_update on doc (updated_at desc, id);
create index if not exists doc_by_rating on doc (rating desc, id);
create index if not exists doc_by_namespace on doc (namespace);
create index if not exists doc_by_publisher on doc (publisher);
"""

_SETTINGS = """
pragma journal_mode = wal; pragma synchronous = off; pragma temp_store = memory;
pragma cache_size = -32000; pragma mmap_size = 1073741824;
"""


def create(path: Path) -> sqlite3.Connection:
    """A new index at a path where none is; the connection that writes."""
    connection = connect(path)
    connection.executescript(_TABLES)
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """A further connection; each is used by one thread at a time."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.executescript(_SETTINGS)
    return connection
