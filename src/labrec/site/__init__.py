"""The site that people read: gathered from the store and its tables, rendered, written as files.

No statistic is computed here: of ``labrec.analytics`` only the contract of the tables is known.
"""
