"""Counterfactual attribution: what each factor of a design does, and how sure that is. ○ Pure.

A **design** says which factors were on in which cell and what was measured there
(`design.Design`); `attribute.attribute` makes its effects of it; `rows` writes both as tables.
Where designs come from, records and project definitions, is `found`; measuring them on a live
object is `live`.
"""
