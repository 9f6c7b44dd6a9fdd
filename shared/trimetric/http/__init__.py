"""The HTTP door: from an API Gateway event to an answer.

Whoever imports a module of this package imports the frameworks first, in a way that takes a sixth off a cold start:
the garbage collector rests, since next to nothing that an import makes is garbage, and pydantic builds the validator
of a model when the model is first used, which most of FastAPI's own and those of other endpoints never are.
"""

import gc
from importlib import import_module

FRAMEWORKS = ("fastapi", "mangum", "botocore.session", "aws_lambda_powertools")


def _import_frameworks() -> None:
    collecting = gc.isenabled()
    gc.disable()
    import_module("pydantic").BaseModel.model_config = {"defer_build": True}
    for name in FRAMEWORKS:
        import_module(name)
    gc.freeze()
    if collecting:
        gc.enable()


_import_frameworks()
