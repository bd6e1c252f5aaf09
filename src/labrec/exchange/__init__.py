"""Other tools' results, brought into a lab as records.

``table`` reads a file, ``table_map`` says what its columns mean, ``outlines`` makes an outline of
each row, ``records`` makes records of the outlines, ``origins`` finds what the lab has of them
already, and ``table_import`` does all of it in order.
"""
