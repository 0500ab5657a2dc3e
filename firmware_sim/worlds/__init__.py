"""Small worlds, each made for one question: the truth of many cases at once and what a sensor sees of it, from a seed.

They are drawn as whole arrays, so that an estimator can be judged on thousands of cases in a second. The whole
warehouse, with its devices and faults, is `firmware_sim.warehouse`. Pure: numpy Generators in, arrays out.
"""
