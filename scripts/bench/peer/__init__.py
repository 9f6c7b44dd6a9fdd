"""The yardstick: the same API as one plain FastAPI + Mangum + boto3 function."""
