"""The local engine as a server: the APIs of AWS over HTTP, S3 beside them, and STS where the SDK looks for it."""
