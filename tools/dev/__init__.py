"""What `./dev` does. Standard library only, Python 3.9 or later.

`cli` reads the command line · `settings` paths, versions, ports · `install` the pinned tools · `processes` children and
their end · `stack` sandbox and functions together · `suites` test and check · `console` what the user sees.
"""
