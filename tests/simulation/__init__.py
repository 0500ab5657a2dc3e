"""The whole loop under faults, in made-up time: the real gateway and the real service, their real stores on real files,
on one thread and one made-up clock, between a made-up broker and a made-up link.

What a seed brings about it brings about again, to the byte of its log. Two phases: first faults of every kind while the
promises of safety are checked at every step; then peace, in which everything must come to agree.
`make sim SEED=7` runs one seed, `make sim-many N=200 FROM=1` many.
"""
