"""The same spec in both runners, compared: outputs, messages, states, and what the scripts could see."""
