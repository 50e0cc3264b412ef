"""Options that the workers of every engine get."""

HARNESS_OPTIONS = (
    "--default_sdk_harness_log_level=WARN",  # Java knows WARN only, Python WARN and WARNING
    "--experiments=disable_logging_submission_environment",
)
