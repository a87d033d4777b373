"""Feeds that are polled: what is known about each, what they hold, when they are asked again."""
