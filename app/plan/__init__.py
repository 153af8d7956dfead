"""The plan: its blocks and links, what may be done to it, its rules, its text, and what it runs as.

Pure functions over frozen records. No Qt, no model files, no engine: what a plan is over is only
names and numbers here.
"""
