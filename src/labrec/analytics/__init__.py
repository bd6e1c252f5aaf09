"""What the records mean: tables made from a view, and the statistics on them.

Everything here needs the packages of ``labrec[lab]``; nothing that records imports it.
"""
