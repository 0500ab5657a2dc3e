"""The doctor: looks a gateway's surroundings over for what loses data without a word: the broker, its file, this
machine, the store, the devices. It changes nothing but a session of its own at the broker, which it takes away again.
"""
