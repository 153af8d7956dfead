"""What can go wrong with stored conversations, in words for the user."""

from __future__ import annotations


class StoreUnavailable(Exception):
    """The database of conversations cannot be used; `str()` says why and what to do."""


class BadFile(Exception):
    """A file holds no conversations that can be read; `str()` says where and what is wrong."""
