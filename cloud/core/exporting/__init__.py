"""Tables for other programs: what each is called, what a row of it is, its columns, where its rows come from.

A table is declared once, in one of the files beside this; the list of tables, both file formats, the web and the
command line follow from that. Nothing here reads a store: `source.Source` says what is asked of one.
"""
