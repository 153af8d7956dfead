"""What can go wrong with kept conversations, in words for the user."""

from __future__ import annotations


class NotKept(Exception):
    """Conversations cannot be kept in the database; `str()` says why and what to do."""


class BadFile(Exception):
    """A file holds no conversations that can be read; `str()` says where and what is wrong."""
