"""Counting by hand: what to count today, what a count says against the book, why they differ, how right the book is.

Pure: the book is asked as a function of time, and what comes out is an entry for it. A count is an anchor: facts that
become known later change what it is held against, never what was found.
"""
