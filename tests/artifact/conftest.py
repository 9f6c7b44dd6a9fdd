from tests.template.conftest import template

__all__ = ["template"]
