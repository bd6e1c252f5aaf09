"""What runs say about hypotheses: who counts, how much it weighs, and the verdict. ○ No IO.

`claims` reads registrations, `units` finds the runs that bear on one and the place each has in it,
`arms` takes their values, `design` compares them, `missing` asks whether what is not there could
matter, `confidence` says how good the evidence is, `verdict` applies the registered rule,
`sentence` puts it into words, and `analysis` makes tables of all of it.
"""
