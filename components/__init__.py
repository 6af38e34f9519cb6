"""What the program declares: one file a concern, put together in python_ide_exam.py."""
