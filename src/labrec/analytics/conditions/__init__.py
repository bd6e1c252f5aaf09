"""Hardware against quality: does a condition of a run change what was measured? ○ No IO.

`definition` says which conditions and metrics a project compares, `levels` what each run had,
`blocks` which runs are alike but for the condition, `layout` which cells are compared, `comparison`
and `completion` what the tests say of them, `verdict` and `sentence` what follows. `quality` puts
them together and fills the table `hardware_quality`.
"""
