"""The webinar platform: pages, API, delivery of live media, and what every service stands on."""
