"""How right the estimates are: each bench knows the truth, from a simulated world or from real data, and prints the
naive anchor of the same run. Seeds and worlds reported here are not those tuned on.
"""
