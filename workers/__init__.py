"""The pipeline's workers: from articles in the log to what is read out of them."""

import os

# Many small products: threads that wait for a core on a busy machine cost more than they gain. Before numpy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
