"""`./dev mutants`: small mistakes made one at a time, and which check notices each.

cargo-mutants says which mistakes there are in the code, template.py which in the template. This package applies them in a copy of the repository and runs the checks,
because there is more than one check, each a build of its own, and because a run goes on where the last one ended.
"""
