"""Running the portal for years: backups, retention, upgrades, and seeing how it does."""
