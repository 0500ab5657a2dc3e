"""Editing the site file: what stands in it as typed things, what an edit makes of it, and all that is wrong with that.

The file stays its owner's: comments, order and whatever is not edited stay as they are.
"""
