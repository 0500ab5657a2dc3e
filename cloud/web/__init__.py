"""What people and programs see of the service: pages, API, live stream, sign-in.

`make_app` in `app.py` puts it together; `desk.py` is all it knows of the rest of the service. aiohttp lives in this
folder; `live.py`, `sign_in.py` and `desk.py` do without it. Nothing here decides about stock, orders or alerts.
"""
