"""The doctor: looks the service's state over for what would lose data without a word, beside a running service or
without one, and changes nothing. A check is a function that yields findings of a `Case`; `examining.py` knows them all.
"""
