"""What has been promised to whom, what of the stock a customer of a tier may still have, and what customers are shown.

Pure: reservations come in and changed ones go out; who keeps them, and when the time of one is looked at, is the
shell's. A promise moves no goods: the book does, by the pick that names the reservation.
"""
