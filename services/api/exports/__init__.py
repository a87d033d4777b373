"""The timeline in the formats of others: feeds, calendars, tables. One module for each format, `routes` serves them."""
