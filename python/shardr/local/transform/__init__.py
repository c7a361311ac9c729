"""Transform jobs: a model that is asked about every record of many objects."""
