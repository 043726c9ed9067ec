release = "2026.11"
