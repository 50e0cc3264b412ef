"""Files anywhere: on a local disk, in object stores, on HDFS."""
