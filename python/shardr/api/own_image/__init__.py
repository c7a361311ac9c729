"""An image for the user's own scripts: what they need, and the Dockerfile that has it."""
