"""The demo district: Polres Tuban with its 20 stations, made once where DEMO=1. Offices, never names of people."""
