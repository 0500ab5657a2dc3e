"""Sparkplug B 3.0 (the Eclipse specification of that name), both ways: what plants and SCADA systems speak over MQTT.

`payload` is the codec, `topics` the topics, `meaning` what a metric's name and unit tell, `host` the fold of what edge
nodes say (we as their host application), `node` a gateway as an edge node of others. Pure: bytes and times come in,
messages to publish come out as values; adapters send them.
"""
