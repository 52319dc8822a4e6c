"""What hosts share: a database, a Chroma server and a bucket, each of them new, on servers that run already."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
from fsspec import filesystem

_NUMBERS = itertools.count()
_KEY = "for-tests"


@dataclass(frozen=True)
class Servers:
    """Where everything is that hosts share.

    Attributes:
        database_url: The journal.
        chroma_url: Chroma.
        s3_url: The server of the bucket.
        bucket: The bucket, with a prefix.
    """

    database_url: str
    chroma_url: str
    s3_url: str
    bucket: str

    @property
    def credentials(self) -> dict[str, str]:
        """Variables that open the bucket."""
        return {
            "AWS_ACCESS_KEY_ID": _KEY, "AWS_SECRET_ACCESS_KEY": _KEY, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip

    @property
    def objects(self) -> Any:
        """The files of the bucket's server, read again each time."""
        return filesystem(
            "s3", key=_KEY, secret=_KEY, endpoint_url=self.s3_url, skip_instance_cache=True, use_listings_cache=False
        )

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect to the database as its owner, for what is no transaction."""
        with psycopg.connect(self.libpq_url, autocommit=True) as connection:
            yield connection

    @property
    def libpq_url(self) -> str:
        """The database's URL for PostgreSQL's own programs."""
        return self.database_url.replace("+psycopg", "")

    def with_new_database(self) -> Servers:
        """Return the same servers with an empty database, and an empty one in Chroma."""
        name = f"persona_{os.getpid()}_hosts_{next(_NUMBERS)}"
        with self.database() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        old = self.database_url.partition("?")[0].rpartition("/")[2]
        chroma = urlsplit(self.chroma_url)._replace(path=f"/{name}").geturl()
        return replace(self, database_url=self.database_url.replace(f"/{old}?", f"/{name}?"), chroma_url=chroma)

    def with_new_bucket(self) -> Servers:
        """Return the same servers with an empty bucket."""
        name = f"persona-{os.getpid()}-hosts-{next(_NUMBERS)}"
        self.objects.call_s3("create_bucket", Bucket=name)
        return replace(self, bucket=f"s3://{name}/memory")


def new_servers(postgres: str, chroma: str, s3: str) -> Servers:
    """Return a new database and a new bucket on the servers of the fixtures with these names."""
    return Servers(postgres.format(name="postgres"), chroma, s3, "").with_new_database().with_new_bucket()
