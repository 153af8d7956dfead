"""Conversations that are kept: their tree of messages, the database, and files to take along."""
