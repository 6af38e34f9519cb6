"""Will it hold the class? A load test by students who speak the application's real protocol."""
