"""Other tools' results, brought into a lab as records.

``table`` reads a file, ``table_map`` says what its columns mean, ``drafts`` makes a draft of each
row, ``records`` makes records of the drafts, ``origins`` finds what the lab has of them already,
and ``table_import`` does all of it in order.
"""
