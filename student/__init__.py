"""One student of the web IDE, in the application's own protocol: for the readiness checklist and for load tests."""
