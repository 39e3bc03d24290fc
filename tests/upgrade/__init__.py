"""The demo database of the previous release, as it was then; tests/upkeep/test_upgrade.py migrates it."""
