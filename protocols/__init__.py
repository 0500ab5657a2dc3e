"""The wire: the words that devices, gateways and the service share.

Pure: no clock, no files, no sockets, no logging; time comes in as an argument. *Protocol* means the wire here;
a seam between two parts of a program is called a port. What only one side needs does not belong here.
"""
