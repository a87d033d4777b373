"""Every metric, the only list of them. Served at `/metrics` in Prometheus' text format: by the web services, and
by a worker on `TREATYLINE_WORKER_METRICS_PORT` what its processes count.

Labels have few values: route templates, never addresses; types, never ids.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# How many requests were answered, by route template, method and status.
HTTP_REQUESTS = Counter("treatyline_http_requests", "Requests answered", ["route", "method", "status"])

# How long an answer took until its last byte; streams are not counted here.
HTTP_SECONDS = Histogram(
    "treatyline_http_request_seconds", "Time to answer", ["route", "method"], buckets=_SECONDS
)

# Requests being answered now, streams included.
HTTP_IN_PROGRESS = Gauge("treatyline_http_requests_in_progress", "Requests being answered")

# What became of submitted articles: received, revised, older, same, withdrawn (posted again: 410), refused,
# embargoed (waits for its time).
ARTICLES_SUBMITTED = Counter(
    "treatyline_articles_submitted", "Articles posted, by outcome", ["outcome", "form"]
)

# How often a decision on an article was taken again because another writer had been faster.
INGEST_RETRIES = Counter("treatyline_ingest_retries", "Decisions taken again after a concurrent write")

# How long HTML took to become text.
HTML_SECONDS = Histogram(
    "treatyline_html_to_text_seconds", "Time to take the text out of HTML", buckets=_SECONDS
)

# What became of articles that a worker took up: ExtractionCompleted, ExtractionSkipped, ExtractionFailed.
ARTICLES_READ = Counter("treatyline_articles_read", "Articles that were read, by outcome", ["outcome"])

# Attempts to judge or read an article that failed, by stage and how: error, timeout. A lost worker cannot count.
ATTEMPTS_FAILED = Counter("treatyline_attempts_failed", "Attempts that failed", ["stage", "code"])

# What came of asking a feed: read, unchanged, unfinished, or why it failed: status-503, timeout, robots ...
FEED_POLLS = Counter("treatyline_feed_polls", "Feeds polled, by outcome", ["outcome"])

# Records that a reader made and the guard refused, by reason (`workers/extraction/guard.py`).
RECORDS_REFUSED = Counter("treatyline_records_refused", "Records that did not hold, by reason", ["reason"])

# What came of asking the second reader, where one is configured: read, or why it was not used
# (`workers/extraction/endpoint/client.py`).
SECOND_READER = Counter(
    "treatyline_second_reader", "Articles that the second reader was asked about", ["outcome"]
)
