"""What trading partners send each other: X12 and EDIFACT papers, EPCIS events, CloudEvents and their signature.

Pure. Read: bytes in, a `Document` out (`reading.read` finds out which standard it is), typed contents and problems side
by side. Papers in the field break their own rules, so a reader here refuses nothing that it can make sense of: each
breach is a problem with a code; who acts on what was read asks for the problems first. Written: the same structs
(`trade`) in, exact bytes out (`x12_writing`, `edifact_writing`, `epcis_writing`, `cloudevents`), or a `ValueError` that
says what is missing and what to do.
"""
