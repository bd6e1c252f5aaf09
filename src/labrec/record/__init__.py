"""What a run is: bytes and values, ids and digests, paths, and the frozen models of documents.

The light modules (``codec``, ``config``, ``digest``, ``ids``, ``layout``, ``paths``, ``text``,
``values``) import the standard library only, so that recording stays cheap; the models and
``reader`` bring pydantic in and serve reading, ``verify`` and tests.
"""
