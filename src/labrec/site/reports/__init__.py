"""Reports: Markdown by people with values of the lab by reference, live or frozen for ever.

``parser`` finds references, ``vocabulary`` says what each means here, ``writer`` puts text of ours
into what Markdown made, ``render`` does it for a whole report, ``freezing`` and ``export`` keep it.
"""
