"""The warehouse that isn't there: seeded truth, device physics, faults, a fleet on MQTT, recordings and a scoreboard.

`world`, `physics` and `devices` are pure: time and random generators come in as arguments. What is true stays in
`world`; the rest of the system learns only what the devices say, on the wire.
"""
