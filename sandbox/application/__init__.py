"""The web IDE's stand-in: one small server process a task, speaking the application's own protocol.

`python -m sandbox.application --port 8080` on loopback, configured as the real container is, by its environment:
    DATABASE_URL   the PostgreSQL with the application's tables (sandbox/postgres.py)
    IDE_DATA_PATH  the folder that all tasks share; the files of user U are in ide/Local/U below it
    IS_EXAM_MODE   "true" or "false" (default), told to clients
    DB_POOL_MIN    connections that the process opens at start, 10 by default
    DB_POOL_MAX    only told, by /health; 50 by default
    SANDBOX_APPLICATION_FAULT  what is wrong with it, for tests:
        wrong-output  every run's output carries a line that is not its own
        no-health     the catch-all page answers /health, with status 200
        kick          a socket that starts a run is ended as by a second login

It ends at once on SIGTERM, and when its parent process is gone. It never executes what a client sends (interpreter.py).
"""
