"""Statistics on plain values, with their sources. ○ No IO, and no word of the lab.

Values that are NaN or infinite are refused with a ValueError: what is missing is counted by the
caller, never averaged. Where nothing varies, or where there is too little to tell, the results say
so in their `state`, and interval, test and p are None; no p is ever 0. Every level is a parameter.
`docs/methods/README.md` lists each function with its source and what it was checked against.
"""
