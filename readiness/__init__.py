"""The readiness checklist: one screen that says whether the exam can start."""
