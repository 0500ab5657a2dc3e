"""One file a kind of device: it looks at the truth through its physics and says what it sees in the native format.

Pure: the time comes with each `tick`, chance from a generator of the device's own.
"""
