"""The OpenAPI document: paths from the functions' routers, bodies from the models that judge them."""
