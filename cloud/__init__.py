"""The service: keeps the stock book, plans, predicts, alerts and shows. It meets gateways on the wire only."""
