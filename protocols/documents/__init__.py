"""What trading partners send, read and shown: X12 and EDIFACT papers, EPCIS events, CloudEvents.

Pure: bytes in, a `Document` out (`reading.read` finds out which standard it is), typed contents and problems side by
side. Papers in the field break their own rules, so a reader here refuses nothing that it can make sense of: each breach
is a problem with a code. Who acts on what was read asks for the problems first. Nothing is written here.
"""
