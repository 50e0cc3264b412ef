"""Arguments of commands that run on Dataflow."""

import pytest

from evenpair.runners.dataflow.dataflow import has_extra

NEEDS_EXTRA = pytest.mark.skipif(
    not has_extra(), reason="the gcp extra is not installed: pip install -e '.[dev]'"
)
GPU = "type:nvidia-l4;count:1;install-nvidia-driver"
CLOUD = ("--project", "shop-1", "--region", "europe-west4", "--temp-location", "gs://bucket/tmp")
IMAGES = ("--container-image", "r/worker:1", "--gpu-container-image", "r/gpu:1")
ENGINE = ("--runner", "dataflow", *CLOUD, *IMAGES)
RUN = "s3://bucket/dataflow/run"
INPUT = "s3://bucket/dataflow/in"
PRIOR = ("--statistics", "prior")
