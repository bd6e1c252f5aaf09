"""Reading and writing git: objects, refs, packs, the worktree's facts.

The only package that knows git's formats, imports dulwich or runs the git command line.
Reading and writing objects needs neither: a start in a training script stays light, replace refs
and grafts are never looked at, and every object is re-hashed when it is read.
"""
