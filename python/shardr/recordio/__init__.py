"""Rows as protobuf in recordIO, the form that SageMaker's algorithms read: bytes in, arrays out, and back.

A floor of its own below ``runtime``, as images hold it for the programs and servers inside. ``framing`` needs the
standard library only, the other files numpy.
"""
