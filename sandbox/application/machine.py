"""What /health says of the machine: its memory and CPU, in percent, from /proc."""

import time
from pathlib import Path

CPU_INTERVAL = 0.1  # seconds, in which the event loop stands still


def memory_percent() -> float:
    """Memory in use."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    sizes = {name: int(size) for name, size, *_ in lines}
    return round(100 * (1 - sizes["MemAvailable:"] / sizes["MemTotal:"]), 1)


def cpu_percent() -> float:
    """CPU in use during a tenth of a second, which it waits for."""
    idle, total = _cpu()
    time.sleep(CPU_INTERVAL)
    idle_now, total_now = _cpu()
    return round(100 * (1 - (idle_now - idle) / max(total_now - total, 1)), 1)


def _cpu() -> tuple[int, int]:
    times = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return times[3] + times[4], sum(times)
