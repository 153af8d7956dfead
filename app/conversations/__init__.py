"""Conversations: their tree of messages, each reply's record, the database, and exported files.

Nothing of Qt and nothing that asks the engine belongs here.
"""
