"""What the program declares: one file a concern, put together in python_ide_exam.py."""

import gc

# The AWS SDKs are a million objects that stay: looking through them for rubbish was a third of the time of importing
# them.
gc.set_threshold(100_000)
