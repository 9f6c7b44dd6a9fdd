"""One Lambda process from its start: import the handler, answer requests, say what that took.

Run by path in an interpreter without site-packages (`-S -E -B`), so that only the artefact and the standard library can
be imported, and no bytecode is written, as on Lambda where the folders are read-only.

    python -S -E -B fresh.py '{"paths": [...], "handler": "functions.folders.app", "event": {...}, "requests": 1}'
"""

import json
import os
import resource
import sys
from importlib import import_module
from typing import Any


class Context:
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    function_name = "bench"


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    task: dict[str, Any] = json.loads(sys.argv[1])
    # In place of this script's own folder.
    sys.path[:1] = task["paths"]
    answers = os.fdopen(os.dup(1), "w")
    # A function's log lines are not what is measured here.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    started = cpu()
    handler = import_module(task["handler"]).handler
    imported = cpu()
    status = 0
    for _ in range(task["requests"]):
        status = handler(task["event"], Context())["statusCode"]
    answered = cpu()
    figures = {
        "start": started,
        "import": imported - started,
        "requests": answered - imported,
        "total": answered,
        "status": status,
    }
    answers.write(json.dumps(figures))
    answers.close()


if __name__ == "__main__":
    main()
